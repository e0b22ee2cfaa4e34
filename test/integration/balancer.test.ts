/** The proxies behind a load balancer that ends TLS, with the diffs of docs/proxies for it. */
import { afterAll, beforeAll, describe } from 'vitest';
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
import { startSite, type TestedSite } from './site.ts';
import { traefik } from './traefik.ts';
import { startWorld, type World } from './world.ts';

const proxies = [nginx, traefik, caddy, envoy, envoyGateway, istio, haproxy, apache].map((proxy) => ({
  name: proxy.name,
  proxy,
  binary: needTool(proxy.tool),
}));

let world: World;

beforeAll(async () => {
  world = await startWorld(
    proxies.map(({ name }) => name),
    'balancer',
  );
});
afterAll(() => world?.close());

describe.each(proxies)('$name behind a load balancer', ({ proxy, binary }) => {
  describe.skipIf(!binary)('one site', () => {
    let site: TestedSite;
    beforeAll(async () => {
      site = await startSite(world, proxy, binary!, 'single');
    });
    afterAll(() => site?.stop());
    balancedCases(() => site);
    forgedCases(() => site);
    forwardingCases(() => site);
    cookieCases(() => site);
  });
});
