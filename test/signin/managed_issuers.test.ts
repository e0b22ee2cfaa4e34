/** Logins and logouts of applications that authentik manages, by the issuer that its tokens name. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { answerTokens, claimsOf, ISSUER, managedBy, ownIssuer, SECRET, STRANGER } from '../provider/managed_fixture.ts';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { type Browser, endpoint, startSignin } from './fixture.ts';

const host = 'grafana.example.com';
const url = `https://${host}/d/abc`;
const withRd = `${endpoint(host, 'start')}?rd=${encodeURIComponent(url)}`;

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
let browser: Browser;

beforeAll(async () => {
  provider = await startProvider({ clients: [] });
});
afterAll(() => provider.close());
beforeEach(async () => {
  site = await startSignin([makeApplication({ issuer: ISSUER, client_secret: SECRET, managed: managedBy(provider) })]);
  browser = site.browser();
});
afterEach(() => site.close());

/** A whole login whose ID token has these claims. */
async function login(claims: Record<string, unknown>) {
  const { location } = await browser.open(withRd);
  const { searchParams } = new URL(location!);
  answerTokens(provider, await provider.sign(claimsOf({ ...claims, nonce: searchParams.get('nonce') })));
  const callback = new URL(searchParams.get('redirect_uri')!);
  callback.searchParams.set('code', 'a-code');
  callback.searchParams.set('state', searchParams.get('state')!);
  return browser.open(callback.href);
}

test('a login in the name of an issuer that is not accepted ends in a page that names all of them', async () => {
  const page = await login({ iss: STRANGER });
  expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([400, 'login_loop']);
  for (const text of [STRANGER, ISSUER, ownIssuer(provider), 'AUTHENTIK_HOST_BROWSER', 'Code: wrong_issuer'])
    expect(page.text).toContain(text);
  expect(site.signins.at(-1)).toMatchObject({ outcome: 'loop', reason: 'login_loop' });
  for (const text of [STRANGER, ISSUER, ownIssuer(provider), 'AUTHENTIK_HOST_BROWSER'])
    expect(site.signins.at(-1)?.detail).toContain(text);
  expect((await browser.open(url)).status).toBe(401);
});

test.each([
  ['markup', 'https://<script>alert(1)</script>'],
  ['other letters', 'https://login.example.test/\u202egrafana'],
  ['a long text', `https://${'a'.repeat(300)}`],
  ['no URL', 'javascript:alert(1)'],
  ['no text', 70_707_070_707],
])('Attack: what a token calls its issuer is no part of the page as it is: %s', async (_, iss) => {
  const page = await login({ iss });
  expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([400, 'login_loop']);
  expect(page.text).not.toContain(String(iss).slice(0, 210));
});

test.each([
  ['the first', () => ISSUER, () => ownIssuer(provider)],
  ['the second', () => ownIssuer(provider), () => ISSUER],
])('a session of %s issuer ends by a logout token of the other, once', async (_, iss, other) => {
  const sid = `sid-of-${_}`;
  expect((await login({ iss: iss(), sid })).location).toBe(url);
  expect((await browser.open(url)).status).toBe(200);
  const now = Math.floor(Date.now() / 1000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const logout = await provider.sign(
    { iss: other(), aud: 'grafana', iat: now, exp: now + 60, jti: `jti-of-${_}`, sid, events },
    { typ: 'logout+jwt' },
  );
  const send = () =>
    fetch(`http://127.0.0.1:${site.port}/outpost.goauthentik.io/backchannel_logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: logout }),
    });
  expect((await send()).status).toBe(200);
  expect((await browser.open(url)).status).toBe(401);
  expect((await send()).status).toBe(400);
});
