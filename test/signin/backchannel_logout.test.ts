import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { type Browser, endpoint, redirectUri, startSignin, untilCallback } from './fixture.ts';

const hosts = ['grafana.example.com', 'wiki.example.com'];
const event = 'http://schemas.openid.net/event/backchannel-logout';

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
/** The provider wants the address before the site has its port. */
let relay: Server;
let storeDown = false;
/** Counts down to the write that fails, and all after it. */
let writesLeft = Number.POSITIVE_INFINITY;
let uses = 0;

beforeAll(async () => {
  const redirect_uris = hosts.map(redirectUri);
  relay = createServer((request, response) => {
    const headers = { 'content-type': String(request.headers['content-type']) };
    text(request)
      .then((body) => post(body, headers))
      .then(({ status }) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const backchannel_logout_uri = `http://127.0.0.1:${(relay.address() as AddressInfo).port}/`;
  provider = await startProvider({
    clients: [
      { client_id: 'grafana', client_secret: 'secret', redirect_uris, backchannel_logout_uri },
      { client_id: 'wiki', client_secret: 'secret', redirect_uris },
    ],
  });
  const common = { issuer: provider.issuer, client_secret: 'secret' };
  const wiki = { slug: 'wiki', client_id: 'wiki', external_host: 'https://wiki.example.com' };
  site = await startSignin([makeApplication(common), makeApplication({ ...common, ...wiki })], (store) => ({
    ...store,
    add: (...row) => (storeDown ? Promise.reject(new StoreUnavailable()) : store.add(...row)),
    set: (...row) => (--writesLeft < 0 ? Promise.reject(new StoreUnavailable()) : store.set(...row)),
  }));
});
afterAll(async () => {
  await site.close();
  await provider.close();
  relay.close();
});
afterEach(() => {
  site.clock.shift = 0;
  storeDown = false;
  writesLeft = Number.POSITIVE_INFINITY;
  provider.fail('jwks', undefined);
});

function validClaims(): Record<string, unknown> {
  uses += 1;
  const iat = Math.floor(Date.now() / 1000);
  const events = { [event]: {} };
  return { iss: provider.issuer, aud: 'grafana', iat, exp: iat + 120, jti: `jti-${uses}`, events, sub: 'u-alice' };
}

async function post(body: BodyInit | null, headers: Record<string, string> = {}) {
  const address = `http://127.0.0.1:${site.port}/outpost.goauthentik.io/backchannel_logout`;
  const response = await fetch(address, { method: 'POST', body, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
}

const send = (logout_token: string) => post(new URLSearchParams({ logout_token }));

async function signedIn(host: string, user = 'alice'): Promise<Browser> {
  const browser = site.browser();
  await browser.open(await untilCallback(browser, endpoint(host, 'start'), user));
  expect((await browser.open(`https://${host}/`)).status).toBe(200);
  return browser;
}

const status = async (browser: Browser, host: string) => (await browser.open(`https://${host}/`)).status;

describe('a good logout token', () => {
  test('with sub ends the sessions of that user on every application, and of no other user', async () => {
    const [one, two] = [await signedIn('grafana.example.com'), await signedIn('wiki.example.com')];
    const bob = await signedIn('grafana.example.com', 'bob');
    const response = await send(await provider.sign(validClaims(), { typ: 'logout+jwt' }));
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await status(one, 'grafana.example.com')).toBe(401);
    expect(await status(two, 'wiki.example.com')).toBe(401);
    expect(await status(bob, 'grafana.example.com')).toBe(200);
    const again = await signedIn('grafana.example.com');
    expect(await status(again, 'grafana.example.com')).toBe(200);
  });

  test('with sid ends that session at the provider, and not those on other devices', async () => {
    const [phone, laptop] = [await signedIn('grafana.example.com'), await signedIn('grafana.example.com')];
    const cookie = /authentik_proxy_\w+=([\w-]+)/.exec(phone.cookiesFor('https://grafana.example.com/'))![1]!;
    const sid = (await site.sessions.find(cookie, 'grafana'))!.session.sid;
    expect(sid).toBeTypeOf('string');
    expect((await send(await provider.sign({ ...validClaims(), sid }))).status).toBe(200);
    expect(await status(phone, 'grafana.example.com')).toBe(401);
    expect(await status(laptop, 'grafana.example.com')).toBe(200);
  });

  test('with sid alone, one audience of several, and typ JWT', async () => {
    const claims = { ...validClaims(), sub: undefined, sid: 'some-sid', aud: ['unknown', 'wiki'] };
    expect((await send(await provider.sign(claims, { typ: 'JWT' }))).status).toBe(200);
  });

  test("of the provider's own making, when the user signs out there", async () => {
    const browser = await signedIn('grafana.example.com');
    const confirm = await browser.open(`${provider.issuer}/session/end`);
    await browser.submit(confirm, { logout: 'yes' });
    expect(site.signins.at(-1)).toMatchObject({ endpoint: 'backchannel_logout', outcome: 'signed_out', status: 200 });
    expect(await status(browser, 'grafana.example.com')).toBe(401);
  });
});

// Attack: a thief with a stolen login starts one login after the other, so that one is in progress when the user signs out, and keeps a session.
test('a logout while the code of a login is exchanged ends that login, and the next one works', async () => {
  const browser = site.browser();
  const callback = await untilCallback(browser, endpoint('grafana.example.com', 'start'));
  provider.stand('token', async () => {
    provider.stand('token', undefined);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await send(await provider.sign(validClaims()))).status).toBe(200);
    return undefined;
  });
  await browser.open(callback);
  expect(await status(browser, 'grafana.example.com')).toBe(401);
  expect(await status(await signedIn('grafana.example.com'), 'grafana.example.com')).toBe(200);
});

describe('a bad logout token is rejected with 400, and no session ends', () => {
  const past = Math.floor(Date.now() / 1000) - 600;
  const bad: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ['signed with a foreign key', {}, { foreign: true }],
    ['signed by an unknown key', {}, { foreign: true, kid: 'unknown' }],
    ['another issuer', { iss: 'https://evil.example.com' }, {}],
    ['another audience', { aud: 'other-client' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['no iat', { iat: undefined }, {}],
    ['iat in the future', { iat: past + 4000, exp: past + 8000 }, {}],
    ['no exp', { exp: undefined }, {}],
    ['expired', { iat: past, exp: past + 120 }, {}],
    ['no jti', { jti: undefined }, {}],
    ['a jti that is no string', { jti: 7 }, {}],
    ['no events', { events: undefined }, {}],
    ['another event', { events: { 'http://schemas.openid.net/event/other': {} } }, {}],
    ['the event is no object', { events: { [event]: true } }, {}],
    ['the event is a list', { events: { [event]: [] } }, {}],
    ['events is a list', { events: [event] }, {}],
    ['a nonce', { nonce: 'n' }, {}],
    ['an empty nonce', { nonce: '' }, {}],
    ['neither sub nor sid', { sub: undefined }, {}],
    ['a sub that is no string', { sub: 7 }, {}],
    ['an empty sid', { sid: '' }, {}],
    ['typ of an access token', {}, { typ: 'at+jwt' }],
    ['typ of a security event', {}, { typ: 'secevent+jwt' }],
  ];

  test.each(bad)('%s', async (_, changes, header) => {
    const browser = await signedIn('grafana.example.com');
    const response = await send(await provider.sign({ ...validClaims(), ...changes }, header));
    expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'no-store']);
    expect(response.body).toMatchObject({ error: 'invalid_request', error_description: expect.any(String) });
    expect(await status(browser, 'grafana.example.com')).toBe(200);
  });

  test('unsigned', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect((await send(`${part({ alg: 'none' })}.${part(validClaims())}.`)).status).toBe(400);
  });

  // Attack: claims that throw when they are converted to text would fill the log with internal errors.
  test.each([
    { iss: { toString: 1 } },
    { aud: [{ toString: 1 }] },
    { iss: [[['x']]] },
    { aud: null },
  ])('with %j', async (changes) => {
    const before = site.logged.length;
    expect((await send(await provider.sign({ ...validClaims(), ...changes }))).status).toBe(400);
    expect(site.logged.slice(before)).toEqual([]);
  });

  test.each([
    ['no body at all', null, {}],
    ['an empty form', '', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('%s: the response and the log name the proxy that may have dropped it', async (_, body, headers) => {
    const response = await post(body, headers);
    const said = 'the request has no body: the proxy in front may have dropped it (nginx: proxy_pass_request_body off)';
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining(said) });
    expect(site.signins.at(-1)).toMatchObject({ outcome: 'refused', detail: expect.stringContaining(said) });
  });

  test('a form without a token is not taken for a body that was dropped', async () => {
    const { body } = await post(new URLSearchParams({ token: 'x' }));
    expect(body.error_description).toBe('one logout_token is needed, in a form');
  });

  test('an ID token', async () => {
    const { events: _, jti: __, ...claims } = validClaims();
    expect((await send(await provider.sign(claims))).status).toBe(400);
  });

  test('used before', async () => {
    const token = await provider.sign(validClaims());
    expect((await send(token)).status).toBe(200);
    const browser = await signedIn('grafana.example.com');
    expect((await send(token)).status).toBe(400);
    expect(await status(browser, 'grafana.example.com')).toBe(200);
  });

  test('many times at once: it counts once', async () => {
    const token = await provider.sign(validClaims());
    const responses = await Promise.all(Array.from({ length: 8 }, () => send(token)));
    expect(responses.filter((one) => one.status === 200)).toHaveLength(1);
  });
});

describe('a bad request is rejected', () => {
  test.each([
    ['no token', () => post(new URLSearchParams({ other: 'x' }))],
    ['an empty token', () => send('')],
    ['no JWT', () => send('not.a.jwt')],
    [
      'two tokens',
      () => post('logout_token=a.b.c&logout_token=a.b.c', { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['JSON', () => post('{"logout_token":"x"}', { 'content-type': 'application/json' })],
    ['no body', () => post('')],
    ['too much', () => send('x'.repeat(100_000))],
  ])('%s', async (_, request) => {
    expect((await request()).status).toBe(400);
  });

  test('GET is a 405 that names POST', async () => {
    const response = await fetch(`http://127.0.0.1:${site.port}/outpost.goauthentik.io/backchannel_logout`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

test('the store is unavailable: 503, and the same token works afterwards', async () => {
  const token = await provider.sign(validClaims());
  storeDown = true;
  const response = await send(token);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  storeDown = false;
  expect((await send(token)).status).toBe(200);
});

test('the keys cannot be read for a token under a new one: 503, and the same token works afterwards', async () => {
  const browser = await signedIn('grafana.example.com');
  await provider.rotateKeys();
  const token = await provider.sign(validClaims());
  provider.fail('jwks', 'error');
  const response = await send(token);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  provider.fail('jwks', undefined);
  await expect.poll(async () => (await send(token)).status, { timeout: 3000 }).toBe(200);
  expect(await status(browser, 'grafana.example.com')).toBe(401);
});

// Otherwise a sign-out is lost: the provider sends the token again after a 503, and gives up after a 400.
test.each([0, 1])('the store is unavailable after %i writes: the token is not used up', async (writes) => {
  const browser = await signedIn('grafana.example.com');
  const token = await provider.sign(validClaims());
  writesLeft = writes;
  expect((await send(token)).status).toBe(503);
  writesLeft = Number.POSITIVE_INFINITY;
  expect((await send(token)).status).toBe(200);
  expect(await status(browser, 'grafana.example.com')).toBe(401);
  expect((await send(token)).status).toBe(400);
});

test.each([
  ['iss', { iss: 'https://other.example.com' }, /iss "https:\/\/other\.example\.com"/],
  ['aud', { aud: 'nobody' }, /aud \["nobody"\]/],
  ['exp', { exp: 1000 }, /exp is 1000/],
])('a refused token: body and log say which check it was (%s)', async (name, changes, words) => {
  const now = Math.floor(Date.now() / 1000);
  const right = { iss: provider.issuer, aud: 'grafana', sub: 'u-alice', iat: now, exp: now + 60, jti: `say-${name}` };
  const token = await provider.sign({ ...right, events: { [event]: {} }, ...changes });
  const response = await post(`logout_token=${token}`, { 'content-type': 'application/x-www-form-urlencoded' });
  expect(response.status).toBe(400);
  expect(response.body).toMatchObject({ error_description: expect.stringContaining(`(${name})`) });
  expect(site.signins.at(-1)?.detail).toMatch(words);
  expect(site.signins.at(-1)?.detail).not.toContain(token);
});
