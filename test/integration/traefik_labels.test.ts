/** Traefik with labels of containers: the cases of every proxy. */
import { proxySuite } from './site_suite.ts';
import { traefikLabels } from './traefik_labels.ts';

proxySuite([traefikLabels]);
