import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { endpoint, redirectUri, startSignin, untilCallback } from './fixture.ts';

const host = 'grafana.example.com';
const start = endpoint(host, 'start');

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
let brokenStore = false;

beforeAll(async () => {
  const clients = [{ client_id: 'grafana', client_secret: 'secret', redirect_uris: [redirectUri(host)] }];
  provider = await startProvider({ clients });
  site = await startSignin([makeApplication({ issuer: provider.issuer, client_secret: 'secret' })], (store) => ({
    ...store,
    add: (...row) => (brokenStore ? Promise.reject(new TypeError('a bug')) : store.add(...row)),
    set: (...row) => (brokenStore ? Promise.reject(new TypeError('a bug')) : store.set(...row)),
  }));
});
afterAll(async () => {
  await site.close();
  await provider.close();
});

const fail = () => {
  throw new Error('a bug of the listener');
};
beforeEach(() => {
  site.events.on('signin', fail);
  site.events.on('log', fail);
});
afterEach(() => {
  brokenStore = false;
  site.events.off('signin', fail);
  site.events.off('log', fail);
});

test('a listener that throws leaves a login as it is', async () => {
  const browser = site.browser();
  const first = await browser.open(start);
  expect([first.status, first.headers.get('cache-control')]).toEqual([302, 'no-store']);
  const back = await browser.open(await untilCallback(browser, start));
  expect([back.status, back.location, back.headers.get('cache-control')]).toEqual([
    302,
    `https://${host}/`,
    'no-store',
  ]);
  expect((await browser.open(`https://${host}/`)).status).toBe(200);
  expect(site.signins.at(-1)).toMatchObject({ endpoint: 'callback', outcome: 'signed_in', status: 302 });
});

test('a listener that throws leaves the page of a failed login as it is', async () => {
  const browser = site.browser();
  const state = new URL((await browser.open(start)).location!).searchParams.get('state')!;
  const query = new URLSearchParams({ state, error: 'access_denied' });
  const page = await browser.open(`${endpoint(host, 'callback')}?${query}`);
  expect(page.status).toBe(403);
  expect(page.headers.get('x-gatepost-reason')).toBe('login_failed');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.text).toContain('access_denied');
  expect(page.text).toContain('request-1234');
});

test('a listener that throws leaves the page of an internal error as it is', async () => {
  const browser = site.browser();
  const callback = await untilCallback(browser, start);
  brokenStore = true;
  const page = await browser.open(callback);
  expect(page.status).toBe(500);
  expect(page.headers.get('x-gatepost-reason')).toBe('internal_error');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.text).toContain('request-1234');
  expect(page.text).not.toContain('a bug');
  const logged = site.logged.find(({ event }) => event === 'signin.error');
  expect(logged).toMatchObject({ level: 'error', application: 'grafana' });
  expect(site.signins.at(-1)).toMatchObject({ outcome: 'error', reason: 'internal_error', status: 500 });
});

test('a listener that throws leaves the response to a logout token as it is', async () => {
  const now = Math.floor(Date.now() / 1000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = { iss: provider.issuer, aud: 'grafana', iat: now, exp: now + 120, jti: 'one', events, sub: 'u-alice' };
  const send = async () => {
    const body = new URLSearchParams({ logout_token: await provider.sign(claims) });
    const url = `http://127.0.0.1:${site.port}/outpost.goauthentik.io/backchannel_logout`;
    const response = await fetch(url, { method: 'POST', body });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  brokenStore = true;
  const failed = await send();
  expect([failed.status, failed.headers.get('x-gatepost-reason')]).toEqual([500, 'internal_error']);
  expect(failed.headers.get('cache-control')).toBe('no-store');
  expect(JSON.parse(failed.text)).toEqual({ error: 'internal_error', error_description: 'an internal error' });
  brokenStore = false;
  expect((await send()).status).toBe(200);
  const again = await send();
  expect([again.status, again.headers.get('x-gatepost-reason')]).toEqual([400, 'credentials_refused']);
});
