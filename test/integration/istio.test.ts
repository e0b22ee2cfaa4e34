/** Gatepost behind Istio's ingress gateway, with the resources that operators copy. */
import { istio } from './istio.ts';
import { proxySuite } from './site_suite.ts';

proxySuite([istio]);
