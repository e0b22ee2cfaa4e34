/** Gatepost behind Envoy Gateway, with the resources that operators copy. */
import { envoyGateway } from './envoy_gateway.ts';
import { proxySuite } from './site_suite.ts';

proxySuite([envoyGateway]);
