/** The files of `gatepost snippet`, run by the proxies that they are for. */
import { describe } from 'vitest';
import { needTool } from '../support/tools.ts';
import { authorizationCases } from './cases/authorization.ts';
import { balancedCases } from './cases/balanced.ts';
import { cookieCases } from './cases/cookies.ts';
import { domainCases } from './cases/domain.ts';
import { forgedCases } from './cases/forged.ts';
import { snippets } from './snippet.ts';
import { useChromium, useSiteOf, useWorld } from './started.ts';

const proxies = snippets.map((proxy) => ({ name: proxy.name, proxy, binary: needTool(proxy.tool) }));
const names = proxies.map(({ name }) => name);
const openssl = needTool('openssl');
const browser = needTool('chromium');

describe.skipIf(!browser)('over http', () => {
  const world = useWorld(names);
  const chromium = useChromium();
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      forgedCases(site);
      authorizationCases(site);
      cookieCases(site);
    });
    describe.skipIf(!binary)('a domain', () => {
      const site = useSiteOf(world, proxy, 'domain');
      forgedCases(site);
      domainCases(site, chromium);
    });
  });
});

describe.skipIf(!openssl || !browser)('over https', () => {
  const world = useWorld(names, 'tls');
  const chromium = useChromium(() => world().tls?.spki);
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      forgedCases(site);
      authorizationCases(site);
    });
    describe.skipIf(!binary)('a domain', () => {
      const site = useSiteOf(world, proxy, 'domain');
      domainCases(site, chromium);
    });
  });
});

describe('behind a load balancer that ends TLS', () => {
  const world = useWorld(names, 'balancer');
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      balancedCases(site);
      forgedCases(site);
    });
  });
});
