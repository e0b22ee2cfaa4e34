/** The login, where it leads, and how long a session lasts. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick, setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { startProvider } from '../support/provider.ts';
import { findTokens } from '../support/secrets.ts';
import {
  ask,
  type Contract,
  clients,
  configText,
  cookieName,
  createVisitor,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  SECRET,
  type Slug,
  send,
  signedIn,
  startContract,
  startUrl,
} from './setup.ts';

const app = 'https://app.example.com';
let site: Contract;
let port: number;
let clock = 0;
/** A Gatepost whose clock the tests set. */
let timed: number;
beforeAll(async () => {
  site = await startContract();
  port = site.port;
  timed = (await site.another('session_max_age: 24h', { now: () => Date.now() + clock })).http.port;
});
afterAll(() => site.close());

const lands = async (visitor: ReturnType<typeof createVisitor>, callback: string) =>
  (await visitor.open(callback)).location;
const restarted = (location: string | undefined) =>
  location !== undefined && (location.startsWith(site.provider.issuer) || location.includes(`${OUTPOST}/start`));

describe('the login and the return', () => {
  test.each([
    `${app}/`,
    `${app}/deep/path?a=1&b=2&a=3`,
    `${app}/x?q=%26%3D%2B+%20&r=a%2Fb`,
    `${app}/caf%C3%A9?ü=%C3%BC`.replace('ü', '%C3%BC'),
  ])('returns to the same URL: %s', async (url) => {
    const visitor = createVisitor(site, port);
    expect((await visitor.signIn(url)).location).toBe(url);
  });

  test('redirect_uri_query: false: the login of a whole domain by the redirect URI without a query', async () => {
    const visitor = createVisitor(site, port);
    const url = 'https://deep.wiki.example.info/page?a=1';
    const callback = new URL(await visitor.begin(url));
    expect([callback.origin, callback.pathname]).toEqual(['https://login.example.info', `${OUTPOST}/callback`]);
    expect(callback.searchParams.has('X-authentik-auth-callback')).toBe(false);
    // What some providers append changes nothing.
    callback.search += '&session_state=6c1a.f2&scope=openid+email&authuser=0&prompt=none';
    expect((await visitor.open(callback.href)).location).toBe(url);
    expect(visitor.cookie('noquery', url)).not.toBe('');
  });

  test('the request for a code has a state, a nonce and an S256 challenge, new each time', async () => {
    const one = new URL((await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']])).get('location')!);
    const two = new URL((await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']])).get('location')!);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.searchParams.get(name)).toMatch(/^\S{20,}$/);
      expect(one.searchParams.get(name)).not.toBe(two.searchParams.get(name));
    }
    expect(one.href).not.toContain('app.example.com%2Fsecret');
    expect(one.searchParams.has('client_secret')).toBe(false);
  });

  test('a redirect says where it leads, for whoever does not follow it', async () => {
    const reply = await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']]);
    expect(reply.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(reply.body).toBe(`go on at: ${reply.get('location')}\n`);
  });

  test('the state is sealed', async () => {
    const reply = await send(port, `${OUTPOST}/start?rd=/very/private?token=1`, [['Host', 'app.example.com']]);
    const state = new URL(reply.get('location')!).searchParams.get('state')!;
    for (const part of state.split('.'))
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toContain('private');
  });

  test('one small HttpOnly cookie binds the login to this browser', async () => {
    const reply = await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']]);
    const line = reply.get('set-cookie')!;
    expect(line.length).toBeLessThan(400);
    expect(line).toMatch(/; ?httponly/i);
    expect(line).toMatch(/; ?samesite=lax/i);
    expect(line).toMatch(/; ?secure/i);
    expect(line).toMatch(/; ?path=\//i);
    expect(line).not.toMatch(/domain=/i);
  });
});

describe('where rd may lead', () => {
  const land = async (rd: string, origin = app) => {
    const visitor = createVisitor(site, port);
    const start = await visitor.open(`${origin}${OUTPOST}/start?rd=${rd}`);
    const page = await visitor.follow(
      `${start.location}&login_hint=alice`,
      (url) => url.origin !== site.provider.issuer,
    );
    return lands(visitor, page.location!);
  };
  const enc = encodeURIComponent;
  const home = 'https://app.example.com/';
  test.each<[string, string]>([
    [enc(`${app}/x?y=z`), `${app}/x?y=z`],
    [enc('/x?y=z'), `${app}/x?y=z`],
    ['/x?y=z&w=1&rd=2', `${app}/x?y=z&w=1&rd=2`],
    [`${app}/x?y=z&w=1`, `${app}/x?y=z&w=1`],
    [enc('//evil.example/'), home],
    [enc('///evil.example/'), home],
    ['//evil.example/', home],
    [enc('https://evil.example/'), home],
    [enc('https://app.example.com@evil.example/'), home],
    [enc('https://user@app.example.com/'), home],
    [enc('https://app.example.com.evil.example/'), home],
    [enc('https://evilapp.example.com/'), home],
    [enc('https://app.example.com:8443/'), home],
    [enc('http://app.example.com/x'), 'https://app.example.com/x'],
    [enc('\\\\evil.example'), home],
    [enc('/\\evil.example'), home],
    [enc('https:\\\\evil.example'), home],
    [enc('https:/evil.example'), home],
    [enc('https:evil.example'), home],
    [enc('https:///evil.example'), home],
    [enc('javascript:alert(1)'), home],
    [enc('data:text/html,x'), home],
    [enc('/\t/evil.example'), home],
    [enc('/\n/evil.example'), home],
    [enc(' https://evil.example'), home],
    [enc('h\nttps://evil.example'), home],
    [enc('https://evil.example\\@app.example.com/'), home],
    [enc('https://evil.example#@app.example.com/'), home],
    [enc('https://evil.example?@app.example.com/'), home],
    [enc('/%0d%0aSet-Cookie:x=1'), `${app}/%0d%0aSet-Cookie:x=1`],
    [enc('/\r\nSet-Cookie: x=1'), home],
    ['', home],
    ['%', home],
    ['%E0%A4%A', home],
    [enc('evil.example'), home],
    [enc('?x'), home],
    [enc(startUrl(app, `${app}/inner`)), `${app}/inner`],
    [enc(startUrl(app, startUrl(app, `${app}/inner`))), `${app}/inner`],
    [enc(startUrl(app, 'https://evil.example/')), home],
    [enc(`${app}${OUTPOST}/sign_out`), home],
    [enc(`${app}${OUTPOST}/callback?code=1&state=2`), home],
    [enc(`${OUTPOST}/start?rd=${enc('/inner')}`), `${app}/inner`],
  ])('forward_single: rd=%s', async (rd, expected) => {
    expect(await land(rd)).toBe(expected);
  });

  test.each<[string, string]>([
    ['https://two.example.org/x', 'https://two.example.org/x'],
    ['https://example.org/', 'https://example.org/'],
    ['https://a.b.example.org/?q', 'https://a.b.example.org/?q'],
    ['/x', 'https://one.example.org/x'],
    ['http://two.example.org/x', 'https://two.example.org/x'],
    ['https://evilexample.org/', 'https://one.example.org/'],
    ['https://example.org.evil.example/', 'https://one.example.org/'],
    ['https://example.org@evil.example/', 'https://one.example.org/'],
    ['https://app.example.com/', 'https://one.example.org/'],
    ['//two.example.org/', 'https://one.example.org/'],
  ])('forward_domain: rd=%s', async (rd, expected) => {
    expect(await land(enc(rd), 'https://one.example.org')).toBe(expected);
  });
});

describe('the session cookie', () => {
  const lineOf = async (slug: string) => {
    const visitor = createVisitor(site, port);
    const page = await visitor.signIn(`${hostOf(slug)}/`);
    return page.headers.getSetCookie().filter((line) => line.includes('authentik_proxy_'));
  };
  test('https: HttpOnly, SameSite=Lax, Path=/, Secure, no Domain, one, at most 200 bytes', async () => {
    const lines = await lineOf('grafana');
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(
      line.startsWith(`__Host-authentik_proxy_${createHash('sha256').update('grafana').digest('hex').slice(0, 8)}=`),
    ).toBe(true);
    expect(line.length).toBeLessThanOrEqual(200);
    const attributes = line.toLowerCase().split(/; */).slice(1);
    expect(attributes).toEqual(expect.arrayContaining(['httponly', 'samesite=lax', 'path=/', 'secure']));
    expect(attributes.filter((one) => one.startsWith('domain'))).toEqual([]);
  });

  test('http: not Secure', async () => {
    const visitor = createVisitor(site, port);
    const page = await visitor.signIn('http://plain.example.com/');
    const [line = ''] = page.headers.getSetCookie().filter((one) => one.includes('authentik_proxy_'));
    expect(line.toLowerCase()).not.toContain('secure');
    expect(page.location).toBe('http://plain.example.com/');
  });

  test('forward_domain: Domain is the cookie domain, and one login serves two hosts', async () => {
    const [line = ''] = await lineOf('domain');
    expect(line.toLowerCase()).toMatch(/; ?domain=\.?example\.org/);
    const cookie = await signedIn(site, 'domain');
    for (const host of ['one', 'two', 'a.b']) {
      expect((await ask(port, 'traefik', `https://${host}.example.org/`, [cookie])).status).toBe(200);
    }
    expect((await ask(port, 'traefik', 'https://x.deep.example.org/', [cookie])).status).toBe(302);
  });

  test('the id is new at every login, and the old one is invalid', async () => {
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${app}/`);
    const old: [string, string] = ['Cookie', visitor.cookie('grafana')];
    await wait(5);
    await visitor.signIn(`${app}/`);
    const fresh: [string, string] = ['Cookie', visitor.cookie('grafana')];
    expect(fresh[1]).not.toBe(old[1]);
    expect((await ask(port, 'traefik', `${app}/page`, [old])).status).toBe(302);
    expect((await ask(port, 'traefik', `${app}/page`, [fresh])).status).toBe(200);
  });

  test('an id that an attacker has planted is not used', async () => {
    const planted = `${cookieName('grafana')}=${'A'.repeat(43)}`;
    const visitor = createVisitor(site, port);
    const callback = new URL(await visitor.begin(`${app}/`));
    const reply = await send(port, callback.pathname + callback.search, [
      ['Host', 'app.example.com'],
      ['Cookie', `${visitor.cookiesFor(app)}; ${planted}`],
    ]);
    expect(reply.status).toBe(302);
    expect((await ask(port, 'traefik', `${app}/page`, [['Cookie', planted]])).status).toBe(302);
  });
});

describe('attacks on the callback', () => {
  test('a code and state of another browser create no session here', async () => {
    const attacker = createVisitor(site, port);
    const callback = await attacker.begin(`${app}/`, 'bob');
    const victim = createVisitor(site, port);
    const page = await victim.open(callback);
    expect(restarted(page.location)).toBe(true);
    expect(victim.cookie('grafana')).toBe('');
    await victim.open(startUrl(app, `${app}/`));
    expect(restarted((await victim.open(callback)).location)).toBe(true);
    expect(victim.cookie('grafana')).toBe('');
  });

  test.each<[string, (url: URL) => void]>([
    ['no state', (url) => url.searchParams.delete('state')],
    ['an empty state', (url) => url.searchParams.set('state', '')],
    ['a tampered state', (url) => url.searchParams.set('state', `${url.searchParams.get('state')!.slice(0, -3)}AAA`)],
    ['nonsense as state', (url) => url.searchParams.set('state', '1.nonsense')],
    ['a state that says a million rounds', (url) => url.searchParams.set('state', `1000000.${'A'.repeat(80)}`)],
    ['no code', (url) => url.searchParams.delete('code')],
    ['a wrong code', (url) => url.searchParams.set('code', 'wrong')],
    ['another issuer', (url) => url.searchParams.set('iss', 'https://evil.example')],
    ['two states', (url) => url.searchParams.append('state', 'x')],
    ['two codes', (url) => url.searchParams.append('code', 'x')],
    [
      'nothing',
      (url) => {
        url.search = '';
      },
    ],
  ])('%s: no session, and it is no dead end', async (_, change) => {
    const visitor = createVisitor(site, port);
    const callback = new URL(await visitor.begin(`${app}/x`));
    change(callback);
    const page = await visitor.open(callback.href);
    expect(visitor.cookie('grafana')).toBe('');
    expect(page.status).toBeLessThan(500);
    const goesOn = restarted(page.location);
    const explains = page.status >= 400 && page.text.includes('<html');
    expect(goesOn || explains).toBe(true);
  });

  test('a code works once: a second use creates no session in another browser, and is harmless in its own', async () => {
    const visitor = createVisitor(site, port);
    const callback = await visitor.begin(`${app}/x`);
    expect(await lands(visitor, callback)).toBe(`${app}/x`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    expect(await lands(visitor, callback)).toBe(`${app}/x`);
    expect((await ask(port, 'traefik', `${app}/`, [cookie])).status).toBe(200);
  });

  test('the provider refuses: a page, not a loop', async () => {
    const visitor = createVisitor(site, port);
    const start = await visitor.open(startUrl(app, `${app}/`));
    const state = new URL(start.location!).searchParams.get('state')!;
    const query = new URLSearchParams({
      'X-authentik-auth-callback': 'true',
      error: 'access_denied',
      error_description: '<script>alert(1)</script>',
      state,
      iss: site.provider.issuer,
    });
    const page = await visitor.open(`${app}${OUTPOST}/callback?${query}`);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.text).not.toContain('<script');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(visitor.cookie('grafana')).toBe('');
  });

  test("a state of one application is invalid at another's callback", async () => {
    const visitor = createVisitor(site, port);
    const callback = await visitor.begin('https://one.example.org/');
    const page = await visitor.open(callback.replace('one.example.org', 'login.deep.example.org'));
    expect(visitor.cookie('deep')).toBe('');
    expect(page.location ?? '').not.toContain('one.example.org/?');
  });

  test('an ID token with a foreign signature, nonce, audience or issuer creates no session', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const wrong of ['nonce', 'aud', 'iss', 'exp', 'signature', 'none'] as const) {
      const visitor = createVisitor(site, port);
      const start = await visitor.open(startUrl(app, `${app}/`));
      const asked = new URL(start.location!).searchParams;
      const page = await visitor.follow(
        `${start.location}&login_hint=alice`,
        (url) => url.origin !== site.provider.issuer,
      );
      const claims = {
        iss: wrong === 'iss' ? 'https://evil.example' : site.provider.issuer,
        aud: wrong === 'aud' ? 'plain' : 'grafana',
        nonce: wrong === 'nonce' ? 'x' : asked.get('nonce'),
        sub: 'u-alice',
        iat: now - 500,
        exp: wrong === 'exp' ? now - 120 : now + 300,
      };
      const signed = await site.provider.sign(claims, { foreign: wrong === 'signature' });
      const header = Buffer.from('{"alg":"none"}').toString('base64url');
      const id_token = wrong === 'none' ? `${header}.${signed.split('.')[1]}.` : signed;
      site.provider.stand('token', () => ({
        body: { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token },
      }));
      const end = await visitor.open(page.location!);
      site.provider.stand('token', undefined);
      expect([wrong, visitor.cookie('grafana')]).toEqual([wrong, '']);
      expect(end.location ?? '').not.toMatch(/^https:\/\/app\.example\.com\/$/);
    }
  });

  test('60 seconds of clock skew are tolerated', async () => {
    const now = Math.floor(Date.now() / 1000);
    const visitor = createVisitor(site, port);
    const start = await visitor.open(startUrl(app, `${app}/`));
    const nonce = new URL(start.location!).searchParams.get('nonce');
    const page = await visitor.follow(
      `${start.location}&login_hint=alice`,
      (url) => url.origin !== site.provider.issuer,
    );
    const claims = {
      iss: site.provider.issuer,
      aud: 'grafana',
      nonce,
      sub: 'u-alice',
      preferred_username: 'alice',
      iat: now + 40,
      nbf: now + 40,
      exp: now + 300,
    };
    const id_token = await site.provider.sign(claims);
    site.provider.stand('token', () => ({
      body: { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token },
    }));
    site.provider.stand('userinfo', () => ({ body: { sub: 'u-alice' } }));
    const end = await visitor.open(page.location!);
    site.provider.stand('token', undefined);
    site.provider.stand('userinfo', undefined);
    expect(end.location).toBe(`${app}/`);
  });
});

describe('many tabs, the back button and bookmarks', () => {
  test('ten tabs at once, finished in any order: all arrive', async () => {
    const visitor = createVisitor(site, port);
    const callbacks: string[] = [];
    for (let i = 0; i < 10; i += 1) callbacks.push(await visitor.begin(`${app}/tab-${i}`));
    for (const i of [7, 2, 9, 0, 4, 1, 8, 3, 6, 5]) {
      const page = await visitor.open(callbacks[i]!);
      expect(page.status).toBe(302);
      expect(page.location).toBe(`${app}/tab-${i}`);
      expect((await ask(port, 'traefik', `${app}/tab-${i}`, [['Cookie', visitor.cookie('grafana')]])).status).toBe(200);
    }
  });

  test('ten tabs in parallel', async () => {
    const visitor = createVisitor(site, port);
    const callbacks: string[] = [];
    for (let i = 0; i < 10; i += 1) callbacks.push(await visitor.begin(`${app}/tab-${i}`));
    const pages = await Promise.all(callbacks.map((callback) => visitor.open(callback)));
    expect(pages.map((page) => page.location)).toEqual(callbacks.map((_, i) => `${app}/tab-${i}`));
    expect((await ask(port, 'traefik', `${app}/`, [['Cookie', visitor.cookie('grafana')]])).status).toBe(200);
  });

  test('a bookmark of the callback: with a session to the application, without one to a new login', async () => {
    const visitor = createVisitor(site, port);
    const callback = await visitor.begin(`${app}/x`);
    await visitor.open(callback);
    const without = createVisitor(site, port);
    expect(restarted((await without.open(callback)).location)).toBe(true);
    for (const url of [
      callback,
      `${app}${OUTPOST}/callback`,
      `${app}${OUTPOST}/callback?X-authentik-auth-callback=true`,
    ]) {
      expect((await visitor.open(url)).location).toMatch(/^https:\/\/app\.example\.com\/(x)?$/);
    }
  });

  test('an expired state starts a new login', async () => {
    clock = 0;
    const visitor = createVisitor(site, timed);
    const callback = await visitor.begin(`${app}/x`);
    clock = 25 * 3_600_000;
    expect(restarted((await visitor.open(callback)).location)).toBe(true);
    clock = 0;
  });

  test('three attempts within 30 seconds end in a page that says why', async () => {
    const visitor = createVisitor(site, port);
    let address: string | undefined = startUrl(app, `${app}/`);
    let rounds = 0;
    let last = await visitor.open(address);
    while (last.location && rounds < 10) {
      address = last.location;
      if (address.startsWith(site.provider.issuer)) {
        rounds += 1;
        const page = await visitor.follow(`${address}&login_hint=alice`, (url) => url.origin !== site.provider.issuer);
        address = page.location!;
      }
      // This browser keeps no cookie.
      visitor.jar.clear();
      last = await visitor.open(address);
    }
    expect(rounds).toBeLessThanOrEqual(4);
    expect(last.location).toBeUndefined();
    expect(last.status).toBeGreaterThanOrEqual(400);
    for (const word of ['cookie_domain', 'http', 'clock']) expect(last.text.toLowerCase()).toContain(word);
    expect(last.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  });
});

test('a browser that keeps the login cookie but not the session ends at that page too', async () => {
  const visitor = createVisitor(site, port);
  let last = await visitor.open(startUrl(app, `${app}/`));
  let rounds = 0;
  for (; last.location && rounds < 10; rounds += 1) {
    const outside = (url: URL) => url.origin !== site.provider.issuer;
    await visitor.open((await visitor.follow(`${last.location}&login_hint=alice`, outside)).location!);
    for (const key of [...visitor.jar.keys()]) if (key.includes('authentik_proxy_')) visitor.jar.delete(key);
    last = await visitor.open(startUrl(app, `${app}/`));
  }
  expect(rounds).toBeLessThanOrEqual(4);
  expect(last.status).toBeGreaterThanOrEqual(400);
  expect(last.headers.get('x-gatepost-reason')).toMatch(/./);
  expect(last.text.toLowerCase()).toContain('cookie');
});

test('forward_domain: a login that begins at another host of the domain returns to it', async () => {
  const visitor = createVisitor(site, port);
  const start = await visitor.open(
    `https://two.example.org${OUTPOST}/start?rd=${encodeURIComponent('https://two.example.org/x?y=1')}`,
  );
  const outside = (url: URL) => url.origin !== site.provider.issuer;
  const callback = await visitor.follow(`${start.location}&login_hint=alice`, outside);
  expect(new URL(callback.location!).origin).toBe('https://one.example.org');
  expect((await visitor.open(callback.location!)).location).toBe('https://two.example.org/x?y=1');
  const cookie: [string, string] = ['Cookie', visitor.cookie('domain', 'https://two.example.org')];
  expect((await ask(port, 'nginx', 'https://two.example.org/x', [cookie])).status).toBe(200);
});

test('a user who switches the account in one tab: the later login wins, the earlier session is invalid', async () => {
  const visitor = createVisitor(site, port);
  await visitor.signIn(`${app}/`, 'alice');
  const alice: [string, string] = ['Cookie', visitor.cookie('grafana')];
  for (const key of [...visitor.jar.keys()]) if (key.includes('127.0.0.1')) visitor.jar.delete(key);
  await wait(5);
  await visitor.signIn(`${app}/`, 'bob');
  const bob: [string, string] = ['Cookie', visitor.cookie('grafana')];
  expect((await ask(port, 'traefik', `${app}/page`, [bob])).get('x-authentik-username')).toBe('bob');
  expect((await ask(port, 'traefik', `${app}/page`, [alice])).status).toBe(302);
});

describe('how long a session lives', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('with a refresh token until session_max_age, and not longer', async () => {
    let moved = 0;
    const short = (await site.another('session_max_age: 2m', { now: () => Date.now() + moved })).http.port;
    const cookie = await signedIn(site, 'refresh', 'alice', short);
    const status = async () => (await ask(short, 'traefik', `${hostOf('refresh')}/`, [cookie])).status;
    moved = 115_000;
    expect(await status()).toBe(200);
    moved = 121_000;
    expect(await status()).toBe(302);
  });

  /** A Gatepost with these lines, somebody signed in at a site of it, and the status after a time in milliseconds. */
  async function signedInWith(top: string, slug: Slug) {
    let moved = 0;
    const at = (await site.another(top, { now: () => Date.now() + moved })).http.port;
    const cookie = await signedIn(site, slug, 'alice', at);
    return async (ms: number) => {
      moved = ms;
      return (await ask(at, 'traefik', `${hostOf(slug)}/`, [cookie])).status;
    };
  }

  test.each<[string, Slug]>([
    ['longer than its tokens', 'grafana'],
    ['with a refresh token', 'refresh'],
  ])('with session_lifetime for that long, whatever the tokens say: %s', async (_, slug) => {
    const statusAfter = await signedInWith('session_lifetime: 20h', slug);
    expect(await statusAfter(20 * 3_600_000 - 5000)).toBe(200);
    expect(await statusAfter(20 * 3_600_000)).toBe(302);
  });

  test('with session_lifetime shorter than its tokens, used all along', async () => {
    const statusAfter = await signedInWith('session_lifetime: 20s', 'grafana');
    for (let seconds = 1; seconds < 19; seconds += 3) expect(await statusAfter(seconds * 1000)).toBe(200);
    expect(await statusAfter(20_000)).toBe(302);
  });

  test('with session_idle as long as it is used', async () => {
    const statusAfter = await signedInWith('session_idle: 10s', 'grafana');
    for (let seconds = 0; seconds <= 54; seconds += 9) expect(await statusAfter(seconds * 1000)).toBe(200);
    expect(await statusAfter(65_000)).toBe(302);
  });

  test("no refresh before half of the token's life is over", async () => {
    clock = 0;
    const cookie = await signedIn(site, 'refresh', 'alice', timed);
    const before = site.provider.counts.token;
    clock = 140_000;
    expect((await ask(timed, 'traefik', `${hostOf('refresh')}/`, [cookie])).status).toBe(200);
    await wait(200);
    expect(site.provider.counts.token).toBe(before);
    clock = 160_000;
    await ask(timed, 'traefik', `${hostOf('refresh')}/`, [cookie]);
    await expect.poll(() => site.provider.counts.token).toBe(before + 1);
    clock = 0;
  });

  test('a stop waits for a refresh under way: its rotated token is not lost', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-stop-'));
    let moved = 0;
    const start = () => site.another(`store: file://${folder}`, { now: () => Date.now() + moved });
    const first = await start();
    const cookie = await signedIn(site, 'refresh', 'alice', first.http.port);
    moved = 200_000;
    site.provider.stand('token', async () => {
      await wait(1500);
      return undefined;
    });
    const before = site.provider.counts.token;
    const page = (at: number) => ask(at, 'traefik', `${hostOf('refresh')}/`, [cookie]);
    expect((await page(first.http.port)).status).toBe(200);
    await expect.poll(() => site.provider.counts.token).toBe(before + 1);
    await first.close();
    site.provider.stand('token', undefined);
    moved = 320_000;
    expect((await page((await start()).http.port)).status).toBe(200);
    expect(site.provider.counts.token).toBe(before + 1);
    rmSync(folder, { recursive: true });
  });

  test('no request waits for a refresh while the old token lives', async () => {
    clock = 0;
    const cookie = await signedIn(site, 'refresh', 'alice', timed);
    site.provider.fail('token', 'hang');
    clock = 200_000;
    const before = site.provider.counts.token;
    // No time passes for the refresh: what waited for it would wait for good.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => ask(timed, 'traefik', `${hostOf('refresh')}/`, [cookie])),
    );
    expect(replies.map((one) => one.status)).toEqual(Array(10).fill(200));
    while (site.provider.counts.token === before) await nextTick();
    // And its time limit is over.
    await vi.advanceTimersByTimeAsync(15_000);
    site.provider.fail('token', undefined);
    clock = 0;
  });

  test("without a refresh token until the token's exp", async () => {
    clock = 0;
    const cookie = await signedIn(site, 'grafana', 'alice', timed);
    const status = async () => (await ask(timed, 'traefik', `${app}/page`, [cookie, ...navigation])).status;
    expect(await status()).toBe(200);
    clock = 280_000;
    expect(await status()).toBe(200);
    clock = 310_000;
    const reply = await ask(timed, 'traefik', `${app}/page`, [cookie, ...navigation]);
    expect(reply.status).toBe(302);
    expect(reply.get('x-gatepost-reason')).toBe('session_expired');
    clock = 0;
  });

  test('with a refresh token it is renewed, by one request, and claims follow', async () => {
    clock = 0;
    const url = `${hostOf('refresh')}/`;
    const cookie = await signedIn(site, 'refresh', 'bob', timed);
    const bob = site.provider.users.find((user) => user.username === 'bob')!;
    bob.claims.groups = ['staff', 'new'];
    clock = 200_000;
    const before = site.provider.counts.token;
    const replies = await Promise.all(Array.from({ length: 40 }, () => ask(timed, 'traefik', url, [cookie])));
    expect(new Set(replies.map((one) => one.status))).toEqual(new Set([200]));
    await expect.poll(() => site.provider.counts.token - before).toBe(1);
    await expect
      .poll(async () => (await ask(timed, 'traefik', url, [cookie])).get('x-authentik-groups'), { timeout: 5000 })
      .toBe('staff|new');
    expect(site.provider.counts.token - before).toBe(1);
    bob.claims.groups = ['staff'];
    clock = 0;
  });

  test('a refresh that the provider refuses ends the session; one that fails otherwise leaves it until exp', async () => {
    const url = `${hostOf('refresh')}/`;
    clock = 0;
    const one = await signedIn(site, 'refresh', 'alice', timed);
    const status = async (cookie: [string, string]) => (await ask(timed, 'traefik', url, [cookie])).status;
    site.provider.fail('token', 'error');
    clock = 200_000;
    expect(await status(one)).toBe(200);
    await wait(200);
    expect(await status(one)).toBe(200);
    clock = 310_000;
    expect(await status(one)).not.toBe(200);
    site.provider.fail('token', undefined);
    clock = 0;
    const two = await signedIn(site, 'refresh', 'alice', timed);
    site.provider.stand('token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    clock = 200_000;
    await status(two);
    await expect.poll(() => status(two), { timeout: 5000 }).toBe(302);
    site.provider.stand('token', undefined);
    clock = 0;
  });
});

test('a sign-out while a refresh is in progress: the session stays ended', async () => {
  clock = 0;
  const url = `${hostOf('refresh')}/`;
  const visitor = createVisitor(site, timed);
  await visitor.signIn(url);
  const cookie: [string, string] = ['Cookie', visitor.cookie('refresh')];
  const before = site.provider.counts.token;
  site.provider.stand('token', async () => {
    await wait(400);
    return undefined;
  });
  clock = 200_000;
  expect((await ask(timed, 'traefik', url, [cookie])).status).toBe(200);
  await expect.poll(() => site.provider.counts.token).toBe(before + 1);
  await visitor.open(`${hostOf('refresh')}${OUTPOST}/sign_out`);
  expect((await ask(timed, 'traefik', url, [cookie])).status).toBe(302);
  await wait(800);
  expect((await ask(timed, 'traefik', url, [cookie])).status).toBe(302);
  site.provider.stand('token', undefined);
  clock = 0;
});

test("authentik's own cookie of the same name, left over from before, does no harm", async () => {
  const old = `${cookieName('grafana')}=MTY5${'x'.repeat(600)}`;
  const visitor = createVisitor(site, port);
  const callback = new URL(await visitor.begin(`${app}/x`));
  const reply = await send(port, callback.pathname + callback.search, [
    ['Host', 'app.example.com'],
    ['Cookie', `${old}; ${visitor.cookiesFor(app)}`],
  ]);
  expect(reply.get('location')).toBe(`${app}/x`);
  const session = reply.all('set-cookie').find((line) => line.includes('authentik_proxy_'))!;
  const both: [string, string] = ['Cookie', `${old}; ${session.split(';')[0]}`];
  expect((await ask(port, 'traefik', `${app}/page`, [both])).status).toBe(200);
  expect((await ask(port, 'traefik', `${app}/page`, [['Cookie', old]])).status).toBe(302);
});

test('a request id of the client is shown only where it is well-formed', async () => {
  for (const id of ['<script>alert(1)</script>', '"><img src=x>', 'x'.repeat(3000)]) {
    const reply = await send(port, `${OUTPOST}/start`, [
      ['Host', 'nowhere.example'],
      ['X-Request-Id', id],
    ]);
    expect(reply.body).not.toContain(id);
  }
});

describe('replicas, restarts and secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
  const store = `store: file://${folder}`;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a login may begin on one replica and end on another; the session is valid on both', async () => {
    const a = (await site.another(store)).http.port;
    const b = (await site.another(store)).http.port;
    let requests = 0;
    const visitor = createVisitor(site, () => (requests++ % 2 ? a : b));
    expect((await visitor.signIn(`${app}/x`)).location).toBe(`${app}/x`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    for (const one of [a, b, a, b]) expect((await ask(one, 'traefik', `${app}/`, [cookie])).status).toBe(200);
  });

  test('sign_out on one replica is known on the other at once', async () => {
    const a = (await site.another(store)).http.port;
    const b = (await site.another(store)).http.port;
    const visitor = createVisitor(site, a);
    await visitor.signIn(`${app}/x`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    expect((await ask(b, 'traefik', `${app}/`, [cookie])).status).toBe(200);
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect((await ask(b, 'traefik', `${app}/`, [cookie])).status).toBe(302);
    expect((await ask(a, 'traefik', `${app}/`, [cookie])).status).toBe(302);
  });

  test('a session survives a restart, and a reader of the store cannot use it', async () => {
    const first = await site.another(store);
    const visitor = createVisitor(site, first.http.port);
    await visitor.signIn(`${app}/x`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    await first.close();
    const second = (await site.another(store)).http.port;
    expect((await ask(second, 'traefik', `${app}/`, [cookie])).status).toBe(200);
    const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('');
    expect(bytes.length).toBeGreaterThan(1000);
    const id = cookie[1].split('=')[1]!;
    for (const secret of [
      id,
      'u-alice',
      'alice@example.com',
      'alice',
      'grafana-client-secret',
      Buffer.from(id, 'base64url').toString('latin1'),
    ]) {
      expect([secret, bytes.includes(secret)]).toEqual([secret, false]);
    }
    expect(findTokens(bytes)).toEqual([]);
  });

  test('a new secret before the old one ends no session; removing the old one does', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
    const start = (secret: string) =>
      serve(parseConfig(configText(site.provider.issuer, `store: file://${dir}`).replace(SECRET, secret)));
    const fresh = 'another secret of the contract, as long as that';
    const one = await start(SECRET);
    const visitor = createVisitor(site, one.http.port);
    await visitor.signIn(`${app}/`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    await one.close();
    const two = await start(`["${fresh}", "${SECRET}"]`);
    expect((await ask(two.http.port, 'traefik', `${app}/`, [cookie])).status).toBe(200);
    await two.close();
    const three = await start(fresh);
    const reply = await ask(three.http.port, 'traefik', `${app}/`, [cookie]);
    expect(reply.status).toBe(302);
    await three.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('a visitor who never logs in costs no storage', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
    const server = await site.another(`store: file://${dir}`);
    await expect.poll(async () => (await send(server.http.port, '/-/health/ready')).status).toBe(200);
    const size = () =>
      readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
    const headers: Pairs = [['Host', 'app.example.com']];
    await send(server.http.port, `${OUTPOST}/start`, headers);
    const bytes = () =>
      readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.includes('lock'))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)).length)
        .reduce((sum, one) => sum + one, 0);
    const [files, before] = [size(), bytes()];
    for (let i = 0; i < 100; i += 1) {
      await send(server.http.port, `${OUTPOST}/start?rd=/${i}`, headers);
      await ask(server.http.port, 'nginx', `${app}/${i}`);
    }
    expect([size(), bytes()]).toEqual([files, before]);
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });
});

describe('the provider is unavailable', () => {
  test('at start: login is 503, and works later without a restart', async () => {
    const gone = await startProvider({ clients: clients() });
    const { port: providerPort } = new URL(gone.issuer);
    await gone.close();
    let moved = 0;
    const server = await serve(parseConfig(configText(gone.issuer)), { now: () => Date.now() + moved });
    const to = server.http.port;
    const login = await send(to, `${OUTPOST}/start`, [['Host', 'app.example.com'], ...navigation]);
    expect(login.status).toBe(503);
    expect(Number(login.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(to, 'traefik', `${app}/healthz`)).status).toBe(200);
    expect((await ask(to, 'traefik', `${app}/page`, navigation)).status).toBe(302);
    expect((await send(to, '/-/health/live')).status).toBe(200);
    const back = await startProvider({ clients: clients(), port: Number(providerPort) });
    moved = 120_000;
    await expect
      .poll(async () => (await send(to, `${OUTPOST}/start`, [['Host', 'app.example.com']])).status, {
        timeout: 15_000,
        interval: 300,
      })
      .toBe(302);
    await server.close();
    await back.close();
  });

  test('during the callback: a 503 page, no session, and a retry works', async () => {
    const visitor = createVisitor(site, port);
    const callback = await visitor.begin(`${app}/x`);
    site.provider.fail('token', 'error');
    const page = await visitor.open(callback);
    site.provider.fail('token', undefined);
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBeTruthy();
    expect(visitor.cookie('grafana')).toBe('');
    expect((await visitor.signIn(`${app}/x`)).location).toBe(`${app}/x`);
  });
});

describe('claims', () => {
  test('a claim that the ID token lacks is taken from userinfo', async () => {
    const other = await startContract('', { claims_in: 'userinfo' });
    const cookie = await signedIn(other, 'grafana');
    const reply = await ask(other.port, 'traefik', `${app}/admin`, [cookie]);
    expect(reply.status).toBe(200);
    expect(reply.get('x-authentik-username')).toBe('alice');
    expect(reply.get('x-authentik-email')).toBe('alice@example.com');
    await other.close();
  });
});
