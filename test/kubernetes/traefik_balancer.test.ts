/** Traefik in Kubernetes behind a load balancer that ends TLS, with the diffs of its page. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { traefikDefinitions } from '../../scripts/tools.ts';
import { balancedCases } from '../integration/cases/balanced.ts';
import { cookieCases } from '../integration/cases/cookies.ts';
import { forgedCases } from '../integration/cases/forged.ts';
import { forwardingCases } from '../integration/cases/forwarding.ts';
import { startSite, type TestedSite } from '../integration/site.ts';
import { startWorld, type World } from '../integration/world.ts';
import { needTool } from '../support/tools.ts';
import { defineTraefik, traefikCrd } from './traefik.ts';

const cluster = inject('cluster');
const traefik = needTool('traefik');

describe.skipIf(!cluster || !traefik || !existsSync(traefikDefinitions))('Traefik behind a load balancer', () => {
  if (!cluster || !traefik) return;
  const proxy = traefikCrd(cluster);
  let world: World;
  let site: TestedSite;
  beforeAll(async () => {
    await defineTraefik(cluster, traefikDefinitions);
    world = await startWorld([proxy.name], 'balancer');
    site = await startSite(world, proxy, traefik, 'single');
  });
  afterAll(async () => {
    await site?.stop();
    await world?.close();
  });
  balancedCases(() => site);
  forgedCases(() => site);
  forwardingCases(() => site);
  cookieCases(() => site);
});
