/** The same as https sites: the files as they are, with the certificate that Traefik takes for `tls: {}`; all requests over HTTP/2. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { traefikDefinitions } from '../../scripts/tools.ts';
import { authorizationCases } from '../integration/cases/authorization.ts';
import { cookieCases } from '../integration/cases/cookies.ts';
import { forgedCases } from '../integration/cases/forged.ts';
import { forwardingCases } from '../integration/cases/forwarding.ts';
import { h2Cases } from '../integration/cases/h2.ts';
import { pathCases } from '../integration/cases/paths.ts';
import { sessionCases } from '../integration/cases/sessions.ts';
import { startSite, type TestedSite } from '../integration/site.ts';
import { startWorld, type World } from '../integration/world.ts';
import { needTool } from '../support/tools.ts';
import { defineTraefik, traefikCrd, traefikIngress } from './traefik.ts';

const cluster = inject('cluster');
const [traefik, openssl] = [needTool('traefik'), needTool('openssl')];
const usable = cluster && traefik && openssl && existsSync(traefikDefinitions);

describe.skipIf(!usable)('Traefik over https', () => {
  if (!cluster || !traefik) return;
  const proxies = [traefikCrd(cluster), traefikIngress(cluster)];
  let world: World;
  beforeAll(async () => {
    await defineTraefik(cluster, traefikDefinitions);
    world = await startWorld(
      proxies.map(({ name }) => name),
      'tls',
    );
  });
  afterAll(() => world?.close());

  describe.each(proxies)('$name', (proxy) => {
    let site: TestedSite;
    beforeAll(async () => {
      site = await startSite(world, proxy, traefik, 'single');
    });
    afterAll(() => site?.stop());
    const get = () => site;
    h2Cases(get);
    forgedCases(get);
    forwardingCases(get);
    cookieCases(get);
    pathCases(get);
    authorizationCases(get);
    sessionCases(get);
  });
});
