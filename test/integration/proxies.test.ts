/** Gatepost behind the real proxies, with the files that operators copy: the same cases for each. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
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
import { pathCases } from './cases/paths.ts';
import { sessionCases } from './cases/sessions.ts';
import { sessionEndCases, signOutCases, signOutPageCases } from './cases/sign_out.ts';
import { tabCases } from './cases/tabs.ts';
import { trafficCases } from './cases/traffic.ts';
import { tunnelCases } from './cases/tunnels.ts';
import { startChromium } from './chromium.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { startSite, type TestedSite } from './site.ts';
import { traefik } from './traefik.ts';
import { startWorld, type World } from './world.ts';

const proxies = [nginx, traefik, caddy, envoy, haproxy].map((proxy) => ({
  name: proxy.name,
  proxy,
  binary: needTool(proxy.tool),
}));
const browser = needTool('chromium');

let world: World;
let chromium: Browser;

beforeAll(async () => {
  world = await startWorld(proxies.map(({ name }) => name));
  if (browser) chromium = await startChromium(browser);
});
afterAll(async () => {
  await chromium?.close();
  await world?.close();
});

describe.each(proxies)('$name', ({ proxy, binary }) => {
  const usable = describe.skipIf(!binary || !browser);

  usable('one site', () => {
    let site: TestedSite;
    beforeAll(async () => {
      site = await startSite(world, proxy, binary!, 'single');
    });
    afterAll(() => site?.stop());
    const get = () => site;
    loginCases(get, () => chromium);
    forgedCases(get);
    forwardingCases(get);
    cookieCases(get);
    http1Cases(get);
    tunnelCases(get);
    backgroundCases(get, () => chromium);
    trafficCases(get);
    pathCases(get);
    authorizationCases(get);
    answerCases(get);
    guessCases(get);
    sessionCases(get);
    signOutCases(get);
    sessionEndCases(get);
    signOutPageCases(get, () => chromium);
    faultCases(get);
    tabCases(get, () => chromium);
  });

  usable('forward_domain', () => {
    let site: TestedSite;
    beforeAll(async () => {
      site = await startSite(world, proxy, binary!, 'domain');
    });
    afterAll(() => site?.stop());
    domainCases(
      () => site,
      () => chromium,
    );
    upstreamBasicCases(() => site);
    sessionCases(() => site);
    sessionEndCases(() => site);
    forgedCases(() => site);
    forwardingCases(() => site);
    cookieCases(() => site);
    http1Cases(() => site);
    http1DomainCases(() => site);
  });
});
