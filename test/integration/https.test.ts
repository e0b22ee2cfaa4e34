/** The same proxies as https sites, with the diffs of docs/proxies applied to the files that operators copy; all requests over HTTP/2. */
import { describe } from 'vitest';
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
import { envoy } from './envoy.ts';
import { envoyGateway } from './envoy_gateway.ts';
import { haproxy } from './haproxy.ts';
import { istio } from './istio.ts';
import { nginx } from './nginx.ts';
import { useChromium, useSiteOf, useWorld } from './started.ts';
import { traefik } from './traefik.ts';

const proxies = [nginx, traefik, caddy, envoy, envoyGateway, istio, haproxy, apache].map((proxy) => ({
  name: proxy.name,
  proxy,
  binary: needTool(proxy.tool),
}));
const browser = needTool('chromium');
const openssl = needTool('openssl');
const names = proxies.map(({ name }) => name);

describe.skipIf(!openssl || !browser)('https', () => {
  const world = useWorld(names, 'tls');
  const chromium = useChromium(() => world().tls?.spki);

  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      secureCases(site, chromium);
      h2Cases(site);
      forgedCases(site);
      forwardingCases(site);
      cookieCases(site);
      pathCases(site);
      trafficCases(site);
      authorizationCases(site);
      socketCases(site, chromium);
      tunnelCases(site);
      answerCases(site);
      sessionCases(site);
      signOutCases(site);
      sessionEndCases(site);
      signOutPageCases(site, chromium);
    });

    describe.skipIf(!binary)('forward_domain', () => {
      const site = useSiteOf(world, proxy, 'domain');
      domainCases(site, chromium);
    });
  });
});
