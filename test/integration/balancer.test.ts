/** The proxies behind a load balancer that ends TLS, with the diffs of docs/proxies for it. */
import { describe } from 'vitest';
import { needTool } from '../support/tools.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { balancedCases } from './cases/balanced.ts';
import { cookieCases } from './cases/cookies.ts';
import { forgedCases } from './cases/forged.ts';
import { forwardingCases } from './cases/forwarding.ts';
import { envoy } from './envoy.ts';
import { envoyGateway } from './envoy_gateway.ts';
import { haproxy } from './haproxy.ts';
import { istio } from './istio.ts';
import { nginx } from './nginx.ts';
import { useSiteOf, useWorld } from './started.ts';
import { traefik } from './traefik.ts';

const proxies = [nginx, traefik, caddy, envoy, envoyGateway, istio, haproxy, apache].map((proxy) => ({
  name: proxy.name,
  proxy,
  binary: needTool(proxy.tool),
}));

const world = useWorld(
  proxies.map(({ name }) => name),
  'balancer',
);

describe.each(proxies)('$name behind a load balancer', ({ proxy, binary }) => {
  describe.skipIf(!binary)('one site', () => {
    const site = useSiteOf(world, proxy, 'single');
    balancedCases(site);
    forgedCases(site);
    forwardingCases(site);
    cookieCases(site);
  });
});
