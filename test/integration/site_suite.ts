/** The whole of what is tried behind a proxy: one site, and several under one login. */
import type { Browser } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { answerCases } from './cases/answers.ts';
import { authorizationCases, upstreamBasicCases } from './cases/authorization.ts';
import { backgroundCases } from './cases/background.ts';
import { cookieCases } from './cases/cookies.ts';
import { domainCases } from './cases/domain.ts';
import { faultCases } from './cases/faults.ts';
import { forgedCases } from './cases/forged.ts';
import { forwardingCases } from './cases/forwarding.ts';
import { guessCases } from './cases/guesses.ts';
import { http1Cases, http1DomainCases } from './cases/http1.ts';
import { loginCases } from './cases/login.ts';
import { matrixCases } from './cases/matrix.ts';
import { pathCases } from './cases/paths.ts';
import { sessionPageCases } from './cases/session_page.ts';
import { sessionCases } from './cases/sessions.ts';
import { sessionEndCases, signOutCases, signOutPageCases } from './cases/sign_out.ts';
import { tabCases } from './cases/tabs.ts';
import { trafficCases } from './cases/traffic.ts';
import { tunnelCases } from './cases/tunnels.ts';
import type { TestedProxy } from './proxy.ts';
import type { TestedSite } from './site.ts';
import { useChromium, useSiteOf, useWorld } from './started.ts';

type GetSite = () => TestedSite;
type GetBrowser = () => Browser;

/** All cases for one site (`forward_single`). */
export function singleSiteCases(site: GetSite, chromium: GetBrowser): void {
  loginCases(site, chromium);
  forgedCases(site);
  forwardingCases(site);
  cookieCases(site);
  http1Cases(site);
  tunnelCases(site);
  backgroundCases(site, chromium);
  trafficCases(site);
  pathCases(site);
  authorizationCases(site);
  answerCases(site);
  guessCases(site);
  sessionCases(site);
  signOutCases(site);
  sessionEndCases(site);
  sessionPageCases(site);
  signOutPageCases(site, chromium);
  faultCases(site);
  tabCases(site, chromium);
}

/** All cases for two hosts under one login (`forward_domain`). */
export function domainSiteCases(site: GetSite, chromium: GetBrowser): void {
  domainCases(site, chromium);
  upstreamBasicCases(site);
  sessionCases(site);
  sessionEndCases(site);
  sessionPageCases(site);
  forgedCases(site);
  forwardingCases(site);
  cookieCases(site);
  http1Cases(site);
  http1DomainCases(site);
}

/** Starts each proxy with its files and puts it through all cases. `modes`: those that the proxy has files for. */
export function proxySuite(tested: TestedProxy[], modes: ('single' | 'domain')[] = ['single', 'domain']): void {
  const proxies = tested.map((proxy) => ({ name: proxy.name, proxy, binary: needTool(proxy.tool) }));
  const browser = needTool('chromium');
  const world = useWorld(proxies.map(({ name }) => name));
  const chromium = useChromium();

  describe.each(proxies)('$name', ({ name, proxy, binary }) => {
    describe.skipIf(!binary || !browser).each(modes)('forward_%s', (mode) => {
      const site = useSiteOf(world, proxy, mode);
      if (mode === 'domain') domainSiteCases(site, chromium);
      else {
        singleSiteCases(site, chromium);
        describe('matrix', () => matrixCases(site, name));
      }
      // After all of that: the symptoms of a proxy that is set up wrongly are none of one that is set up as documented.
      test('no fault of the proxy is reported', () => {
        const mine = site().world.alarms.filter(({ application }) => (application ?? name).startsWith(name));
        // Here all visitors are indeed at one private address.
        expect(mine.filter(({ event }) => event !== 'proxy.client_hidden')).toEqual([]);
      });
    });
  });
}
