/** Traefik reads IngressRoute, Middleware and Ingress from an API server: all cases of the other proxies. */
import { existsSync } from 'node:fs';
import { beforeAll, describe, inject } from 'vitest';
import { traefikDefinitions } from '../../scripts/tools.ts';
import { proxySuite } from '../integration/site_suite.ts';
import { defineTraefik, traefikCrd, traefikIngress } from './traefik.ts';

const cluster = inject('cluster');
if (process.env.CI === 'true' && !existsSync(traefikDefinitions)) throw new Error('run "npm run tools"');

describe.skipIf(!cluster || !existsSync(traefikDefinitions))('Traefik', () => {
  if (!cluster) return;
  beforeAll(() => defineTraefik(cluster, traefikDefinitions));
  describe('IngressRoute', () => proxySuite([traefikCrd(cluster)]));
  describe('Ingress', () => proxySuite([traefikIngress(cluster)], ['single']));
});
