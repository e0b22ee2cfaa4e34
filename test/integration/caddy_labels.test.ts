/** caddy-docker-proxy with labels of containers: the cases of every proxy. */
import { caddyLabels } from './caddy_labels.ts';
import { proxySuite } from './site_suite.ts';

proxySuite([caddyLabels]);
