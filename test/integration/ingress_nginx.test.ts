/** ingress-nginx: with snippets the cases of all proxies, with annotations alone those that they can keep. */
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { cookieCases } from './cases/cookies.ts';
import { faultCases } from './cases/faults.ts';
import { forgedCases } from './cases/forged.ts';
import { forwardingCases } from './cases/forwarding.ts';
import { http1Cases } from './cases/http1.ts';
import { matrixCases } from './cases/matrix.ts';
import { pathCases } from './cases/paths.ts';
import { sessionCases } from './cases/sessions.ts';
import { tabCases } from './cases/tabs.ts';
import { ingressNginx, ingressNginxSnippets } from './ingress_nginx.ts';
import { authHeadersOf } from './ingress_nginx_controller.ts';
import { proxySuite } from './site_suite.ts';
import { useChromium, useSite } from './started.ts';

proxySuite([ingressNginxSnippets], ['single']);

test('the ConfigMap of the auth headers must be in the namespace of the Ingress, as the controller demands', () => {
  const maps = new Map([['ingress-nginx/headers', { 'X-Forwarded-Uri': '' }]]);
  expect(authHeadersOf('ingress-nginx/headers', 'ingress-nginx', maps)).toEqual(['X-Forwarded-Uri']);
  expect(() => authHeadersOf('ingress-nginx/headers', 'default', maps)).toThrow('namespace default');
  expect(() => authHeadersOf('headers', 'ingress-nginx', maps)).toThrow('namespace ingress-nginx');
});

const [binary, browser] = [needTool('nginx'), needTool('chromium')];

describe.skipIf(!binary || !browser)('with annotations alone', () => {
  const site = useSite(ingressNginx);
  const chromium = useChromium();

  matrixCases(site, ingressNginx.name);
  forgedCases(site);
  forwardingCases(site);
  cookieCases(site);
  http1Cases(site);
  pathCases(site);
  sessionCases(site);
  tabCases(site, chromium);
  faultCases(site);

  test('a program is redirected as well, and a denial has a page of nginx: both let nobody in', async () => {
    const { cookie } = await site().signIn('bob', 'builder');
    const seen = await site().watch(async () => {
      const call = await site().ask({ path: '/private', headers: [['Accept', 'application/json']] });
      expect([call.status, call.headers.location]).toEqual([302, expect.stringContaining('/start?rd=')]);
      const denied = await site().ask({ path: '/admin', headers: [cookie] });
      expect([denied.status, denied.text]).toEqual([403, expect.stringContaining('403 Forbidden')]);
    });
    expect(seen).toEqual([]);
  });
});
