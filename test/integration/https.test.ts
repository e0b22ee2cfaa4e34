/** The same proxies as https sites, with the diffs of docs/proxies applied to the files that operators copy; all requests over HTTP/2. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { needTool } from '../support/tools.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { answerCases } from './cases/answers.ts';
import { authorizationCases } from './cases/authorization.ts';
import { cookieCases } from './cases/cookies.ts';
import { domainCases } from './cases/domain.ts';
import { forgedCases } from './cases/forged.ts';
import { forwardingCases } from './cases/forwarding.ts';
import { h2Cases } from './cases/h2.ts';
import { pathCases } from './cases/paths.ts';
import { secureCases } from './cases/secure.ts';
import { sessionCases } from './cases/sessions.ts';
import { sessionEndCases, signOutCases, signOutPageCases } from './cases/sign_out.ts';
import { socketCases } from './cases/sockets.ts';
import { trafficCases } from './cases/traffic.ts';
import { tunnelCases } from './cases/tunnels.ts';
import { startChromium } from './chromium.ts';
import { envoy } from './envoy.ts';
import { envoyGateway } from './envoy_gateway.ts';
import { haproxy } from './haproxy.ts';
import { istio } from './istio.ts';
import { nginx } from './nginx.ts';
import { startSite, type TestedSite } from './site.ts';
import { traefik } from './traefik.ts';
import { startWorld, type World } from './world.ts';

const proxies = [nginx, traefik, caddy, envoy, envoyGateway, istio, haproxy, apache].map((proxy) => ({
  name: proxy.name,
  proxy,
  binary: needTool(proxy.tool),
}));
const browser = needTool('chromium');
const openssl = needTool('openssl');
const names = proxies.map(({ name }) => name);

describe.skipIf(!openssl || !browser)('https', () => {
  let world: World;
  let chromium: Browser;

  beforeAll(async () => {
    world = await startWorld(names, 'tls');
    chromium = await startChromium(browser!, world.tls?.spki);
  });
  afterAll(async () => {
    await chromium?.close();
    await world?.close();
  });

  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      let site: TestedSite;
      beforeAll(async () => {
        site = await startSite(world, proxy, binary!, 'single');
      });
      afterAll(() => site?.stop());
      const get = () => site;
      secureCases(get, () => chromium);
      h2Cases(get);
      forgedCases(get);
      forwardingCases(get);
      cookieCases(get);
      pathCases(get);
      trafficCases(get);
      authorizationCases(get);
      socketCases(get, () => chromium);
      tunnelCases(get);
      answerCases(get);
      sessionCases(get);
      signOutCases(get);
      sessionEndCases(get);
      signOutPageCases(get, () => chromium);
    });

    describe.skipIf(!binary)('forward_domain', () => {
      let site: TestedSite;
      beforeAll(async () => {
        site = await startSite(world, proxy, binary!, 'domain');
      });
      afterAll(() => site?.stop());
      domainCases(
        () => site,
        () => chromium,
      );
    });
  });
});
