/** Signing out, by the user and by the provider. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  type Contract,
  createVisitor,
  hostOf,
  navigation,
  OUTPOST,
  seconds,
  send,
  signedIn,
  startContract,
} from './setup.ts';

const app = 'https://app.example.com';
let site: Contract;
let port: number;
beforeAll(async () => {
  site = await startContract();
  port = site.port;
});
afterAll(() => site.close());

const status = async (slug: string, cookie: [string, string], to = port) =>
  (await ask(to, 'traefik', `${hostOf(slug)}/page`, [cookie, ...navigation])).status;

describe('sign_out', () => {
  test('ends the session and continues to the provider with id_token_hint', async () => {
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${app}/`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    const page = await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect(page.status).toBe(302);
    const url = new URL(page.location!);
    expect(url.href.startsWith(`${site.provider.issuer}/session/end`)).toBe(true);
    const hint = JSON.parse(Buffer.from(url.searchParams.get('id_token_hint')!.split('.')[1]!, 'base64url').toString());
    expect(hint).toMatchObject({ aud: 'grafana', sub: 'u-alice' });
    expect(page.headers.get('cache-control')).toContain('no-store');
    expect(visitor.cookie('grafana')).toBe('');
    expect(await status('grafana', cookie)).toBe(302);
  });

  test("ends the sessions of that user in other browsers and at other applications, and no other user's", async () => {
    const here = createVisitor(site, port);
    await here.signIn(`${app}/`);
    const elsewhere = await signedIn(site, 'grafana');
    const other = await signedIn(site, 'exact');
    const domain = await signedIn(site, 'domain');
    const bob = await signedIn(site, 'grafana', 'bob');
    for (const [slug, cookie] of [
      ['grafana', elsewhere],
      ['exact', other],
      ['domain', domain],
      ['grafana', bob],
    ] as const) {
      expect(await status(slug, cookie)).toBe(200);
    }
    await here.open(`${app}${OUTPOST}/sign_out`);
    expect(await status('grafana', elsewhere)).toBe(302);
    expect(await status('exact', other)).toBe(302);
    expect(await status('domain', domain)).toBe(302);
    expect(await status('grafana', bob)).toBe(200);
  });

  test('signing in again works at the first attempt', async () => {
    const visitor = createVisitor(site, port);
    for (let i = 0; i < 2; i += 1) {
      expect((await visitor.signIn(`${app}/again-${i}`)).location).toBe(`${app}/again-${i}`);
      expect(await status('grafana', ['Cookie', visitor.cookie('grafana')])).toBe(200);
      await visitor.open(`${app}${OUTPOST}/sign_out`);
    }
  });

  test('a login that was begun before the sign-out still works after it', async () => {
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${app}/`);
    const tab = await visitor.begin(`${app}/tab`);
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    const page = await visitor.open(tab);
    expect(page.status).toBe(302);
    expect(await status('grafana', ['Cookie', visitor.cookie('grafana')])).toBe(200);
  });

  describe("that may not be the visitor's own wish", () => {
    const direct = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    const signOut = (cookie: [string, string], headers: object, method = 'GET', path = `${OUTPOST}/sign_out`) =>
      send(port, path, [['Host', 'app.example.com'], cookie, ...Object.entries(headers)], method);

    // Attack: forced sign-out by any page of the internet, or by a browser that fetches pages ahead of a click.
    test.each<[string, object, string?]>([
      ['a link of another site', { ...direct, 'Sec-Fetch-Site': 'cross-site' }],
      ['an image', { ...direct, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
      ['a frame', { ...direct, 'Sec-Fetch-Dest': 'iframe' }],
      ['a prefetch', { ...direct, 'Sec-Purpose': 'prefetch;prerender' }],
      ['a form of another site', { ...direct, 'Sec-Fetch-Site': 'cross-site' }, 'POST'],
      ['a form that says not where it comes from', {}, 'POST'],
      ['HEAD', direct, 'HEAD'],
    ])('%s: a page asks, and no session ends', async (_, headers, method) => {
      const cookie = await signedIn(site, 'grafana');
      for (const path of [`${OUTPOST}/sign_out`, '/any/path?X-authentik-logout=true', '/x?X-authentik-logout=TRUE']) {
        const reply = await signOut(cookie, headers, method, path);
        expect([reply.status, reply.all('set-cookie')]).toEqual([200, []]);
        expect(reply.get('cache-control')).toBe('no-store');
        expect(reply.get('content-security-policy')).toContain("frame-ancestors 'none'");
        if (method !== 'HEAD') expect(reply.body).toContain(`<form method="post" action="${OUTPOST}/sign_out">`);
        if (method !== 'HEAD') expect(reply.body).toContain('Site grafana');
      }
      expect(await status('grafana', cookie)).toBe(200);
    });

    test.each<[string, object]>([
      ['by a browser that names its site', direct],
      ['by a browser that names its origin alone', { Origin: 'https://app.example.com' }],
    ])('the button of that page signs out, pressed in %s', async (_, headers) => {
      const cookie = await signedIn(site, 'grafana');
      const reply = await signOut(cookie, headers, 'POST');
      expect(reply.status).toBe(303);
      expect(reply.get('location')).toContain(`${site.provider.issuer}/session/end?`);
      expect(reply.all('set-cookie').join()).toContain('Max-Age=0');
      expect(await status('grafana', cookie)).toBe(302);
    });

    // Attack: planted cookies in front of the session's own: the visitor believes that the session has ended.
    test('cookies that are planted in front save no session', async () => {
      const [, own] = await signedIn(site, 'grafana');
      const name = own.slice(0, own.indexOf('='));
      const planted = Array.from({ length: 180 }, (_, at) => `${name}=${String(at).padStart(43, 'x')}`).join('; ');
      expect((await signOut(['Cookie', `${planted}; ${own}`], direct)).status).toBe(302);
      expect(await status('grafana', ['Cookie', own])).toBe(302);
    });
  });

  test('without a session it is no dead end and no error', async () => {
    for (const path of [`${OUTPOST}/sign_out`, '/x?X-authentik-logout=true']) {
      const reply = await send(port, path, [['Host', 'app.example.com']]);
      expect([200, 302]).toContain(reply.status);
      if (reply.status === 302)
        expect(reply.get('location')!.startsWith(`${site.provider.issuer}/session/end`)).toBe(true);
    }
  });

  test('at a provider without end_session_endpoint it ends at a page', async () => {
    const bare = await startContract();
    const document = await (await fetch(`${bare.provider.issuer}/.well-known/openid-configuration`)).json();
    bare.provider.stand('discovery', () => ({ body: { ...(document as object), end_session_endpoint: undefined } }));
    const fresh = (await bare.another('')).http.port;
    const visitor = createVisitor(bare, fresh);
    await visitor.signIn(`${app}/`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    const page = await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect(page.status).toBe(200);
    expect(page.text).toContain('<html');
    expect(page.text).not.toContain('<script');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(await status('grafana', cookie, fresh)).toBe(302);
    await bare.close();
  });

  test('the provider is unavailable: the sessions end nevertheless', async () => {
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${app}/`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    site.provider.fail('end_session', 'reset');
    const page = await visitor.open(`${app}${OUTPOST}/sign_out`);
    site.provider.fail('end_session', undefined);
    expect(page.status).toBeLessThan(500);
    expect(await status('grafana', cookie)).toBe(302);
  });

  test('the store is unavailable: 503, not "signed out"', async () => {
    const withoutStore = (await site.another('store: redis://127.0.0.1:1')).http.port;
    const cookie = await signedIn(site, 'grafana');
    const reply = await send(withoutStore, `${OUTPOST}/sign_out`, [['Host', 'app.example.com'], cookie]);
    expect(reply.status).toBe(503);
    expect(Number(reply.get('retry-after'))).toBeGreaterThan(0);
  });
});

const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
let serial = 0;
const logout = (changes: Record<string, unknown> = {}) => {
  serial += 1;
  return {
    iss: site.provider.issuer,
    aud: 'grafana',
    iat: seconds(),
    exp: seconds() + 120,
    jti: `jti-${serial}`,
    events: event,
    sub: 'u-alice',
    ...changes,
  };
};
const post = (token: string, to = port, host = 'app.example.com') =>
  send(
    to,
    `${OUTPOST}/backchannel_logout`,
    [
      ['Host', host],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
    'POST',
    `logout_token=${token}`,
  );

describe('backchannel_logout', () => {
  test("by sub: all sessions of that user, at every application; no other user's", async () => {
    const alice = await signedIn(site, 'grafana');
    const other = await signedIn(site, 'exact');
    const bob = await signedIn(site, 'grafana', 'bob');
    const reply = await post(await site.provider.sign(logout(), { typ: 'logout+jwt' }));
    expect(reply.status).toBe(200);
    expect(reply.get('cache-control')).toBe('no-store');
    expect(await status('grafana', alice)).toBe(302);
    expect(await status('exact', other)).toBe(302);
    expect(await status('grafana', bob)).toBe(200);
  });

  test('by sid: that session, not the other one of the same user', async () => {
    const sidOf = async (cookie: [string, string]) => {
      const jwt = (await ask(port, 'traefik', `${hostOf('withsid')}/`, [cookie])).get('x-authentik-jwt')!;
      return JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()).sid as string;
    };
    const one = await signedIn(site, 'withsid');
    const two = await signedIn(site, 'withsid');
    const sid = await sidOf(one);
    expect(sid).toBeTruthy();
    expect(await sidOf(two)).not.toBe(sid);
    const reply = await post(
      await site.provider.sign(logout({ aud: 'withsid', sub: undefined, sid })),
      port,
      'sid.example.com',
    );
    expect(reply.status).toBe(200);
    expect(await status('withsid', one)).toBe(302);
    expect(await status('withsid', two)).toBe(200);
  });

  test('a provider that calls this server directly, by any host name, is accepted', async () => {
    const alice = await signedIn(site, 'exact');
    expect((await post(await site.provider.sign(logout({ aud: 'exact' })), port, 'gatepost:9000')).status).toBe(200);
    expect(await status('exact', alice)).toBe(302);
  });

  test('signing in again right after works', async () => {
    await post(await site.provider.sign(logout()));
    expect(await status('grafana', await signedIn(site, 'grafana'))).toBe(200);
  });

  test('aud as a list, and no typ, are fine', async () => {
    expect((await post(await site.provider.sign(logout({ aud: ['grafana', 'x'] })))).status).toBe(200);
    expect((await post(await site.provider.sign(logout(), { typ: 'JWT' }))).status).toBe(200);
    expect((await post(await site.provider.sign(logout({ sid: 'unknown' })))).status).toBe(200);
  });

  const unsigned = (claims: object) =>
    [{ alg: 'none' }, claims]
      .map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'))
      .join('.')
      .concat('.');
  const sign = (changes: Record<string, unknown>) => site.provider.sign(logout(changes));
  test.each<[string, () => Promise<string>]>([
    ['no events', () => sign({ events: undefined })],
    ['events without the member', () => sign({ events: { other: {} } })],
    ['events as text', () => sign({ events: 'http://schemas.openid.net/event/backchannel-logout' })],
    ['events as a list', () => sign({ events: ['http://schemas.openid.net/event/backchannel-logout'] })],
    ['a nonce', () => sign({ nonce: 'x' })],
    ['an empty nonce', () => sign({ nonce: '' })],
    ['neither sub nor sid', () => sign({ sub: undefined })],
    ['an empty sub', () => sign({ sub: '' })],
    ['sub as a list', () => sign({ sub: ['u-alice'] })],
    ['another issuer', () => sign({ iss: 'https://evil.example' })],
    ['no issuer', () => sign({ iss: undefined })],
    ['another audience', () => sign({ aud: 'nobody' })],
    ['no audience', () => sign({ aud: undefined })],
    ['no jti', () => sign({ jti: undefined })],
    ['no iat', () => sign({ iat: undefined })],
    ['no exp', () => sign({ exp: undefined })],
    ['expired', () => sign({ iat: seconds() - 500, exp: seconds() - 120 })],
    ['issued in the future', () => sign({ iat: seconds() + 500, exp: seconds() + 600 })],
    ['a foreign signature', () => site.provider.sign(logout(), { foreign: true })],
    ['no signature', async () => unsigned(logout())],
    ['another type', () => site.provider.sign(logout(), { typ: 'at+jwt' })],
    [
      'a changed payload',
      async () => {
        const [head, , tail] = (await sign({ sub: 'u-bob' })).split('.');
        return [head, Buffer.from(JSON.stringify(logout())).toString('base64url'), tail].join('.');
      },
    ],
    ['nonsense', async () => 'nonsense'],
    ['nothing', async () => ''],
  ])('%s: 400, and no session ends', async (_, make) => {
    const alice = await signedIn(site, 'grafana');
    const reply = await post(await make());
    expect(reply.status).toBe(400);
    expect(reply.get('cache-control')).toBe('no-store');
    expect(await status('grafana', alice)).toBe(200);
  });

  test('an ID token is no logout token', async () => {
    const alice = await signedIn(site, 'grafana');
    const jwt = (await ask(port, 'traefik', `${app}/`, [alice])).get('x-authentik-jwt')!;
    expect((await post(jwt)).status).toBe(400);
    expect(await status('grafana', alice)).toBe(200);
  });

  test('each jti once: a replay does not sign out the next session', async () => {
    const token = await site.provider.sign(logout());
    expect((await post(token)).status).toBe(200);
    const alice = await signedIn(site, 'grafana');
    expect((await post(token)).status).toBe(400);
    expect(await status('grafana', alice)).toBe(200);
  });

  test.each([
    ['JSON', [['Content-Type', 'application/json']], '{"logout_token":"x"}'],
    ['two tokens', [['Content-Type', 'application/x-www-form-urlencoded']], 'logout_token=a&logout_token=b'],
    ['a megabyte', [['Content-Type', 'application/x-www-form-urlencoded']], `logout_token=${'x'.repeat(1_000_000)}`],
  ] as [string, [string, string][], string][])('%s is refused', async (_, headers, body) => {
    const reply = await send(
      port,
      `${OUTPOST}/backchannel_logout`,
      [['Host', 'app.example.com'], ...headers],
      'POST',
      body,
    ).catch(() => undefined);
    expect(reply?.status ?? 400).toBeGreaterThanOrEqual(400);
    expect(reply?.status ?? 400).toBeLessThan(500);
  });

  test('the store is unavailable: no success is reported', async () => {
    const withoutStore = (await site.another('store: redis://127.0.0.1:1')).http.port;
    const reply = await post(await site.provider.sign(logout()), withoutStore);
    expect(reply.status).not.toBe(200);
  });

  test('another replica on the same store knows it at once, and refuses the replay', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
    const a = (await site.another(`store: file://${folder}`)).http.port;
    const b = (await site.another(`store: file://${folder}`)).http.port;
    const alice = await signedIn(site, 'grafana', 'alice', a);
    expect(await status('grafana', alice, b)).toBe(200);
    const token = await site.provider.sign(logout());
    expect((await post(token, a)).status).toBe(200);
    expect(await status('grafana', alice, b)).toBe(302);
    expect((await post(token, b)).status).toBe(400);
    rmSync(folder, { recursive: true, force: true });
  });
});
