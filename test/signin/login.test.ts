import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';
import { StoreUnavailable } from '../../src/errors.ts';
import { cookieSuffix } from '../../src/sessions/session_cookie.ts';
import { makeApplication, SECRET } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { type Browser, endpoint, redirectUri, startSignin, untilCallback } from './fixture.ts';

const host = 'grafana.example.com';
const start = endpoint(host, 'start');
const url = `https://${host}/d/abc?a=1&b=${encodeURIComponent('ü&')}`;
const withRd = `${start}?rd=${encodeURIComponent(url)}`;
const e = encodeURIComponent;

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
let browser: Browser;
let storeDown = false;
/** The store writes nothing new, as one that is full. */
let storeFull = false;

beforeAll(async () => {
  const hosts = [host, 'auth.example.com', 'wiki.example.com'];
  const redirect_uris = hosts.map(redirectUri);
  provider = await startProvider({
    refresh_tokens: 'offline_access',
    clients: ['grafana', 'domain', 'wiki'].map((client_id) => ({ client_id, client_secret: 'secret', redirect_uris })),
  });
  const common = { issuer: provider.issuer, client_secret: 'secret' };
  site = await startSignin(
    [
      makeApplication({ ...common }),
      makeApplication({
        ...common,
        slug: 'wiki',
        name: 'Wiki <b>&',
        client_id: 'wiki',
        external_host: 'https://wiki.example.com',
        scopes: ['openid', 'profile', 'offline_access'],
      }),
      makeApplication({
        ...common,
        slug: 'domain',
        client_id: 'domain',
        external_host: 'https://auth.example.com',
        mode: 'forward_domain',
        cookie_domain: 'example.com',
      }),
    ],
    (store) => ({
      ...store,
      get: (key) => (storeDown ? Promise.reject(new StoreUnavailable()) : store.get(key)),
      set: (...row) =>
        storeDown || (storeFull && row[0].startsWith('u:'))
          ? Promise.reject(new StoreUnavailable())
          : store.set(...row),
      getMany: (keys) => (storeDown ? Promise.reject(new StoreUnavailable()) : store.getMany(keys)),
    }),
  );
});
afterAll(async () => {
  await site.close();
  await provider.close();
});
beforeEach(() => {
  browser = site.browser();
});
afterEach(() => {
  site.clock.shift = 0;
  storeDown = false;
  storeFull = false;
  for (const name of ['token', 'authorization', 'userinfo'] as const) {
    provider.fail(name, undefined);
    provider.stand(name, undefined);
  }
});

const sessionLine = () => browser.cookiesFor(`https://${host}/`).match(/__Host-authentik_proxy_\w+=[\w-]+/)?.[0];

describe('a login', () => {
  test('leads back to the very URL, with one session cookie and no signature cookie', async () => {
    const callback = await untilCallback(browser, withRd);
    const back = await browser.open(callback);
    expect(back.status).toBe(302);
    expect(back.location).toBe(url);
    expect(back.headers.get('cache-control')).toBe('no-store');
    expect(back.headers.get('referrer-policy')).toBe('no-referrer');
    const lines = back.headers.getSetCookie();
    const session = lines.find((line) => line.includes('authentik_proxy_'))!;
    expect(session).toMatch(
      /^__Host-authentik_proxy_[0-9a-f]{8}=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(session.length).toBeLessThanOrEqual(200);
    const binding = lines.find((line) => line.includes('gatepost_login_'))!;
    expect(binding).toMatch(/^__Host-gatepost_login_[0-9a-f]{8}=[\w.-]+; path=\/; samesite=lax; secure; httponly$/);
    expect(lines).toHaveLength(2);
    expect(browser.cookiesFor(url)).not.toContain('.sig');
    expect((await browser.open(url)).text).toBe('hello Łukasz 山田 Ünïcode');
    expect(site.signins.at(-1)).toMatchObject({ endpoint: 'callback', outcome: 'signed_in', user: 'alice' });
  });

  test('leads back over https where the proxy says http, and the log says so', async () => {
    const fresh = site.browser();
    const plain = `${start}?rd=${e(url.replace('https:', 'http:'))}`;
    const detail = 'the proxy says http where external_host says https';
    const callback = await untilCallback(fresh, plain);
    expect(site.signins.at(-1)?.detail).toBe(detail);
    expect((await fresh.open(callback)).location).toBe(url);
    await browser.open(withRd);
    expect(site.signins.at(-1)?.detail).toBeUndefined();
  });

  test('starts the same with rd not encoded, a bare path, or none', async () => {
    const ends = [
      [`${start}?rd=${url}`, url],
      [`${start}?rd=/d/abc?a=1&b=2`, `https://${host}/d/abc?a=1&b=2`],
      [start, `https://${host}/`],
      [`${start}?rd=${e('https://evil/')}`, `https://${host}/`],
    ] as const;
    for (const [from, to] of ends) {
      const other = site.browser();
      expect((await other.open(await untilCallback(other, from))).location).toBe(to);
    }
  });

  test('gets a new session id each time, and the old one is dead', async () => {
    await browser.open(await untilCallback(browser, withRd));
    const old = sessionLine()!;
    const again = await browser.open(await untilCallback(browser, withRd));
    expect(again.headers.getSetCookie().join()).toContain('authentik_proxy_');
    expect(sessionLine()).not.toBe(old);
    expect((await site.browser().open(url, { headers: { cookie: old } })).status).toBe(401);
    expect((await browser.open(url)).status).toBe(200);
  });

  test('lasts as long as session_max_age where there is a refresh token', async () => {
    const callback = await untilCallback(browser, `${endpoint('wiki.example.com', 'start')}`);
    const back = await browser.open(callback);
    const line = back.headers.getSetCookie().find((one) => one.includes('authentik_proxy_'));
    expect(Number(/Max-Age=(\d+)/.exec(line!)?.[1])).toBeGreaterThan(86_000);
  });

  test('of a domain serves every host of it, and comes back to the host where it started', async () => {
    const to = 'https://two.example.com/x';
    const callback = await untilCallback(browser, `${endpoint('auth.example.com', 'start')}?rd=${e(to)}`);
    expect(new URL(callback).host).toBe('auth.example.com');
    const back = await browser.open(callback);
    expect(back.location).toBe(to);
    expect(back.headers.getSetCookie().every((line) => /domain=example\.com/i.test(line))).toBe(true);
    expect(browser.cookiesFor('https://three.example.com/')).toContain('authentik_proxy_');
  });
});

describe('many tabs', () => {
  test('ten logins at once end in any order, each at its own URL', async () => {
    await browser.open(start);
    const urls = Array.from({ length: 10 }, (_, i) => `https://${host}/tab/${i}`);
    const callbacks = await Promise.all(urls.map((to) => untilCallback(browser, `${start}?rd=${e(to)}`)));
    for (const at of [7, 0, 9, 3, 1, 8, 2, 6, 4, 5]) {
      const page = await browser.open(callbacks[at]!);
      expect(page.location).toBe(urls[at]);
      expect((await browser.open(urls[at]!)).status).toBe(200);
    }
  });

  test('ten tabs of a browser that has no cookie yet all arrive', async () => {
    const urls = Array.from({ length: 10 }, (_, i) => `https://${host}/new/${i}`);
    const callbacks = await Promise.all(urls.map((to) => untilCallback(browser, `${start}?rd=${e(to)}`)));
    for (const [at, callback] of callbacks.entries()) {
      const page = await browser.follow(callback, (next) => next.pathname.startsWith('/new/'));
      expect(page.location).toBe(urls[at]);
    }
    expect((await browser.open(urls[0]!)).status).toBe(200);
  });

  test('a tab that was slower does not use its code', async () => {
    const [one, two] = [await untilCallback(browser, withRd), await untilCallback(browser, withRd)];
    await browser.open(one);
    const before = provider.counts.token;
    expect((await browser.open(two)).location).toBe(url);
    expect(provider.counts.token).toBe(before);
    expect(site.signins.at(-1)?.outcome).toBe('already_signed_in');
  });

  test('a session from before the clock was put back is no faster tab', async () => {
    site.clock.shift = 120_000;
    await browser.open(await untilCallback(browser, withRd));
    site.clock.shift = 0;
    await browser.open(await untilCallback(browser, withRd));
    expect(site.signins.at(-1)?.outcome).toBe('signed_in');
  });
});

describe('a callback never dead-ends', () => {
  const startsAgain = (location: string | undefined) => expect(location).toContain(`${provider.issuer}/auth?`);

  test('the back button and a bookmark of it, with a session: to the application', async () => {
    const callback = await untilCallback(browser, withRd);
    await browser.open(callback);
    expect((await browser.open(callback)).location).toBe(url);
    expect((await browser.open(endpoint(host, 'callback'))).location).toBe(`https://${host}/`);
  });

  test('a bookmark of it, without a session: a new login, and then to the application', async () => {
    const callback = await untilCallback(browser, withRd);
    await browser.open(callback);
    await browser.open(endpoint(host, 'sign_out'));
    startsAgain((await browser.open(callback)).location);
    const other = site.browser();
    startsAgain((await other.open(endpoint(host, 'callback'))).location);
    startsAgain((await other.open(`${endpoint(host, 'callback')}?code=x&state=nonsense`)).location);
  });

  test('a code that was used before, without a session: a new login, and back to the URL', async () => {
    const callback = await untilCallback(browser, withRd);
    await browser.open(callback);
    for (const key of browser.jar.keys()) if (key.includes('authentik_proxy_')) browser.jar.delete(key);
    startsAgain((await browser.open(callback)).location);
    const page = await browser.follow(callback, (next) => next.pathname.startsWith('/d/'));
    expect(page.location).toBe(url);
  });

  describe('login cookies that a neighbour host has planted', () => {
    let name = '';
    beforeAll(async () => {
      const [line = ''] = (await site.browser().open(withRd)).headers.getSetCookie();
      name = line.slice(0, line.indexOf('='));
      expect(name).toContain(`gatepost_login_${cookieSuffix('grafana')}`);
    });
    const now = () => Date.now().toString(36);
    const planted: [string, () => string[]][] = [
      ['of the right form', () => ['x'.repeat(43)]],
      ['broken', () => ['broken', '', '"', '%7B%7D', `${'x'.repeat(43)}=`]],
      ['oversized', () => ['x'.repeat(4000), `${'x'.repeat(43)}${`.${now()}`.repeat(300)}`]],
      ['for every path and parent domain', () => Array.from({ length: 40 }, (_, at) => `${at}`.padStart(43, 'p'))],
      ['as many as a browser keeps', () => Array.from({ length: 200 }, (_, at) => `${at}`.padStart(43, 'm'))],
      ['with completed logins that never were', () => [`${'x'.repeat(43)}.${now()}.${now()}.${now()}`]],
    ];
    /** Sends them in front of the browser's own, or behind. */
    const open = (address: string, own: string, values: string[], front: boolean) => {
      const list = values.map((value) => `${name}=${value}`);
      const cookie = (front ? [...list, own] : [own, ...list]).filter(Boolean).join('; ');
      const { pathname, search } = new URL(address);
      return fetch(`http://127.0.0.1:${site.port}${pathname}${search}`, {
        headers: { 'x-forwarded-host': host, accept: 'text/html', cookie },
        redirect: 'manual',
      });
    };

    // Attack: each login would start again until the loop page: nobody behind this browser can log in.
    test.each(planted)('%s: the login ends where it should', async (_, values) => {
      for (const front of [true, false]) {
        const other = site.browser();
        const callback = await untilCallback(other, withRd);
        const back = await open(callback, other.cookiesFor(url), values(), front);
        expect([back.status, back.headers.get('location')]).toEqual([302, url]);
        expect(back.headers.getSetCookie().join()).toContain('authentik_proxy_');
      }
    });

    test.each(planted)('%s: a login begins, also when nothing else is there', async (_, values) => {
      await browser.open(withRd);
      for (const own of [browser.cookiesFor(url), '']) {
        const replies = [];
        for (let tab = 0; tab < 2; tab += 1) {
          const reply = await open(withRd, own, values(), true);
          replies.push(reply.headers.get('location')?.startsWith(`${provider.issuer}/auth?`) ?? false);
          if (own === '' && reply.status === 400) expect(reply.headers.getSetCookie().join()).toContain(`${name}=`);
        }
        if (own !== '') expect(replies).toEqual([true, true]);
      }
    });

    // Attack: with a cookie of the attacker's own choice the callback would be theirs in any browser that has it.
    test('a callback that fits none of them proves nothing', async () => {
      const callback = await untilCallback(site.browser(), withRd, 'bob');
      await browser.open(withRd);
      const before = provider.counts.token;
      const back = await open(callback, browser.cookiesFor(url), ['x'.repeat(43), 'y'.repeat(43)], true);
      startsAgain(back.headers.get('location') ?? undefined);
      expect(provider.counts.token).toBe(before);
      expect(back.headers.getSetCookie().join()).not.toContain('authentik_proxy_');
    });
  });

  // Attack: login CSRF. The user would work in the account of the attacker, who reads what is entered there.
  test('a state of another browser proves nothing', async () => {
    const attacker = site.browser();
    const callback = await untilCallback(attacker, withRd, 'bob');
    const before = provider.counts.token;
    const page = await browser.open(callback);
    startsAgain(page.location);
    expect(provider.counts.token).toBe(before);
    expect(sessionLine()).toBeUndefined();
  });

  test('a state of another application proves nothing', async () => {
    const callback = new URL(await untilCallback(browser, withRd));
    const there = new URL(endpoint('wiki.example.com', 'callback'));
    there.search = callback.search;
    startsAgain((await browser.open(there.href)).location);
  });

  test.each([
    ['of a later version', JSON.stringify([2, `https://${host}/`, Date.now(), 1, Date.now(), 'id', 'hash', 'more'])],
    [
      'of the format before there were versions',
      JSON.stringify([`https://${host}/`, Date.now(), 1, Date.now(), 'i', 'h']),
    ],
    ['that is an object', '{"version":2}'],
    ['that is null', 'null'],
    ['that is no JSON', 'garbage'],
    ['that is empty', ''],
  ])('a state %s, sealed with the right secret: a new login', async (_, text) => {
    const sealed = createSeal([SECRET], 'state').seal(text, 'grafana');
    await browser.open(start);
    const logged = site.logged.length;
    const page = await browser.open(`${endpoint(host, 'callback')}?code=x&state=1.${sealed}`);
    expect(page.status).toBe(302);
    startsAgain(page.location);
    expect(new URL(page.location!).searchParams.get('state')).toMatch(/^2\./);
    expect(site.logged.slice(logged)).toEqual([]);
  });

  test.each([
    'x',
    '.',
    'A'.repeat(42),
    `${'A'.repeat(43)}.`,
    `${'A'.repeat(43)}.UPPER`,
    `${'A'.repeat(43)}.12345678901`,
    `2.${'A'.repeat(43)}`,
    '%7B%22id%22%3A1%7D',
    Buffer.from('{"id":"x","_expire":1}').toString('base64'),
  ])('a login cookie of another format is as good as none: %s', async (value) => {
    const name = `__Host-gatepost_login_${cookieSuffix('grafana')}`;
    const headers = { cookie: `${name}=${value}` };
    const page = await browser.open(withRd, { headers });
    expect(page.status).toBe(302);
    startsAgain(page.location);
    const id = /gatepost_login_\w+=([\w-]{43});/.exec(page.headers.getSetCookie().join())?.[1];
    expect(id).toBeTypeOf('string');
    expect(value).not.toContain(id);
    const back = await site.browser().open(`${endpoint(host, 'callback')}?code=x&state=1.x`, { headers });
    startsAgain(back.location);
  });

  test('a state that is older than an hour starts a new login, as its first attempt', async () => {
    const callback = await untilCallback(browser, withRd);
    site.clock.shift = 3_700_000;
    const page = await browser.open(callback);
    startsAgain(page.location);
    expect(new URL(page.location!).searchParams.get('state')).toMatch(/^1\./);
  });

  test('a browser that keeps no cookies sees the loop page after three attempts, and nothing is stored', async () => {
    let page = await browser.open(withRd);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(new URL(page.location!).searchParams.get('state')).toMatch(new RegExp(`^${attempt}\\.`));
      const next = await browser.follow(`${page.location}&login_hint=alice`, (to) => to.pathname.endsWith('/callback'));
      for (const key of browser.jar.keys()) if (key.includes('example.com')) browser.jar.delete(key);
      page = await browser.open(next.location!);
    }
    expect(page.status).toBe(400);
    expect(page.headers.get('x-gatepost-reason')).toBe('login_loop');
    expect(page.text).toContain('does not accept cookies');
    expect(page.text).toContain('request-1234');
  });

  test('a provider that refuses each code ends in a page that names no cookies, and the log has its words', async () => {
    const body = { error: 'invalid_grant', error_description: 'PKCE verification failed' };
    provider.stand('token', () => ({ status: 400, body }));
    let page = await browser.open(withRd);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const next = await browser.follow(`${page.location}&login_hint=alice`, (to) => to.pathname.endsWith('/callback'));
      page = await browser.open(next.location!);
      expect(site.signins.at(-1)?.detail).toContain('invalid_grant: PKCE verification failed');
    }
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([400, 'login_loop']);
    expect(page.text).toContain('invalid_grant');
    expect(page.text).not.toContain('cookie');
    expect(site.signins.at(-1)?.detail).toContain('/callback');
    provider.stand('token', undefined);
    expect((await browser.open(await untilCallback(browser, withRd))).location).toBe(url);
  });

  test('a session cookie that the browser does not keep ends in the loop page too, and the user can try again', async () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const back = await browser.open(await untilCallback(browser, withRd));
      expect(back.location).toBe(url);
      for (const key of browser.jar.keys()) if (key.includes('authentik_proxy_')) browser.jar.delete(key);
    }
    const page = await browser.open(withRd);
    expect(page.status).toBe(400);
    expect(page.text).toContain('Login loop detected');
    expect((await browser.open(withRd)).status).toBe(302);
  });

  test('a session cookie that comes back here and not with the auth requests ends in a page that names the proxy', async () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect((await browser.open(await untilCallback(browser, withRd))).location).toBe(url);
    }
    const page = await browser.open(withRd);
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([400, 'login_loop']);
    expect(page.text).toContain('The proxy does not pass the Cookie header on');
    expect(page.text).toContain('Several processes of Gatepost');
    expect(page.text).not.toContain('does not accept cookies');
    expect((await browser.open(withRd)).status).toBe(302);
  });

  test.each([
    ['error=access_denied&error_description=x', 403, 'access_denied'],
    ['error=%3Cb%3E', 403, 'unknown_error'],
    ['code=abc', 400, 'missing_state'],
  ])('a response without state is a page, not one more round: %s', async (query, status, code) => {
    const address = `${endpoint(host, 'callback')}?X-authentik-auth-callback=true&${query}`;
    const page = await browser.open(address);
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([status, 'login_failed']);
    expect(page.text).toContain(`Code: ${code}`);
    await browser.open(await untilCallback(browser, withRd));
    expect((await browser.open(address)).location).toBe(`https://${host}/`);
  });

  test.each([
    ['error=access_denied&state=', 403],
    ['error=access_denied&state=x', 403],
    ['error=login_required&state=1.x', 403],
    ['error=temporarily_unavailable', 503],
    ['error=temporarily_unavailable&state=', 503],
    ['error=server_error&state=x', 503],
    ['code=abc&state=', 400],
  ])('an error, or a code without a word in state, is a page whatever the state is: %s', async (query, status) => {
    const page = await browser.open(`${endpoint(host, 'callback')}?${query}`);
    expect([page.status, page.location]).toEqual([status, undefined]);
    expect(page.text).toContain('Try again');
  });

  // A gateway in between that rewrites parameters, for one.
  test.each([
    (state: string) => state.toLowerCase().replace('.', '_'),
    (state: string) => state.slice(0, 1),
    () => 'null',
    () => 'x',
  ])('a provider that does not send the state back as it was ends in the loop page', async (mangle) => {
    let page = await browser.open(withRd);
    let rounds = 0;
    for (; page.status === 302 && rounds < 10; rounds += 1) {
      const state = mangle(new URL(page.location!).searchParams.get('state')!);
      page = await browser.open(`${endpoint(host, 'callback')}?code=x&state=${e(state)}`);
    }
    expect([rounds, page.status, page.headers.get('x-gatepost-reason')]).toEqual([3, 400, 'login_loop']);
    expect(page.text).toContain('does not send code and state back as they are');
    expect(page.text).not.toContain('does not accept cookies');
    expect((await browser.open(withRd)).status).toBe(302);
  });

  describe('a provider that is not ready', () => {
    const answer = async (location: string, query = 'error_description=authentication_expired') => {
      const state = new URL(location).searchParams.get('state')!;
      return browser.open(`${endpoint(host, 'callback')}?error=temporarily_unavailable&${query}&state=${e(state)}`);
    };

    test('is asked once more, and the login ends at the page', async () => {
      const again = await answer((await browser.open(withRd)).location!);
      startsAgain(again.location);
      const page = await browser.follow(`${again.location}&login_hint=alice`, (next) =>
        next.pathname.startsWith('/d/'),
      );
      expect(page.location).toBe(url);
    });

    test('is not asked a third time, however long it takes and whether or not cookies are kept', async () => {
      for (const shift of [0, 60_000, 3_700_000]) {
        for (const forgets of [false, true]) {
          const first = await browser.open(withRd);
          site.clock.shift += shift;
          const second = await answer(first.location!);
          startsAgain(second.location);
          if (forgets) browser.jar.clear();
          site.clock.shift += shift;
          const page = await answer(second.location!);
          expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
          expect(page.headers.get('x-gatepost-reason')).toBe('provider_unavailable');
          expect(page.text).toContain('Try again');
          expect(site.signins.at(-1)?.detail).toContain('temporarily_unavailable');
        }
      }
    });
  });
});

describe('the provider', () => {
  test('denies the login: a page with its error code and what to do', async () => {
    const first = await browser.open(withRd);
    const form = await browser.follow(first.location!);
    const posted = await browser.submit(form, { action: 'cancel' });
    const back = await browser.follow(posted.location!);
    expect(back.status).toBe(403);
    expect(back.text).toContain('access_denied');
    expect(back.text).toContain(`start?rd=${e(url).replaceAll("'", '&#39;')}`);
    expect(back.headers.get('x-gatepost-reason')).toBe('login_failed');
  });

  // Attack: a link to the site with the attacker's text on a page that the user trusts.
  test('an error text from the URL is not shown', async () => {
    const callback = new URL(await untilCallback(browser, withRd));
    callback.searchParams.delete('code');
    callback.searchParams.set('error', '<b>Call 555-1234</b>');
    const page = await browser.open(callback.href);
    expect(page.text).not.toContain('555-1234');
    expect(page.text).toContain('unknown_error');
  });

  test.each([
    ['access_denied', 'does not admit this account'],
    ['login_required', 'Sign in at the login provider itself'],
    ['consent_required', 'Sign in at the login provider itself'],
    ['invalid_scope', 'Compare the client'],
    ['unauthorized_client', 'Compare the client'],
    ['registration_not_supported', 'did not complete the login'],
  ])('says %s: the page says what to do', async (error, words) => {
    const state = new URL((await browser.open(withRd)).location!).searchParams.get('state')!;
    const page = await browser.open(`${endpoint(host, 'callback')}?error=${error}&state=${e(state)}`);
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([403, 'login_failed']);
    expect(page.text).toContain(words);
    expect(page.text).toContain(error);
  });

  test.each([
    'error',
    'nonsense',
    'reset',
  ] as const)('sends no tokens (%s): 503, and the code may be tried again', async (failure) => {
    const callback = await untilCallback(browser, withRd);
    provider.fail('token', failure);
    const page = await browser.open(callback);
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('5');
    expect(page.headers.get('x-gatepost-reason')).toBe('provider_unavailable');
    expect(sessionLine()).toBeUndefined();
    provider.fail('token', undefined);
    expect((await browser.open(callback)).location).toBe(url);
  });

  test('rejects this client: the page does not ask to wait, and the log says why', async () => {
    const callback = await untilCallback(browser, withRd);
    const error_description = 'Invalid client or Invalid client credentials';
    provider.stand('token', () => ({ status: 401, body: { error: 'unauthorized_client', error_description } }));
    const page = await browser.open(callback);
    expect(page.status).toBe(503);
    expect(page.headers.get('x-gatepost-reason')).toBe('provider_unavailable');
    expect(page.text).toContain('client_refused');
    expect(page.text).not.toContain('cannot be reached');
    expect(page.text).toContain('Retrying does not help; an administrator must fix the configuration.');
    expect(page.text).not.toContain(error_description);
    expect(site.signins.at(-1)?.detail).toContain(error_description);
    expect(sessionLine()).toBeUndefined();
  });

  test('does not know a scope: the log has its description, in one plain line', async () => {
    const callback = new URL(await untilCallback(browser, withRd));
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'invalid_scope');
    callback.searchParams.set('error_description', 'Invalid scopes:\nopenid entitlements');
    const page = await browser.open(callback.href);
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([403, 'login_failed']);
    expect(page.text).not.toContain('Invalid scopes');
    expect(site.signins.at(-1)?.detail).toBe(
      'invalid_scope: Invalid scopes: openid entitlements; the scopes asked for (scopes) were openid profile email entitlements ak_proxy',
    );
  });

  test('sends an ID token of an hour ago: no session, and page and log name the clocks', async () => {
    const login = await untilCallback(browser, withRd);
    const now = Math.floor(Date.now() / 1000) - 3600;
    const about = { iss: provider.issuer, sub: 'u-alice', aud: 'grafana', nonce: 'x', iat: now, exp: now + 60 };
    const id_token = await provider.sign(about);
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
    const page = await browser.open(login);
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([400, 'login_failed']);
    expect(page.text).toContain('wrong_clock');
    expect(site.signins.at(-1)?.detail).toContain('compare the clocks');
  });

  test('sends an ID token with another nonce: no session, and a page says so', async () => {
    const callback = await untilCallback(browser, withRd);
    const now = Math.floor(Date.now() / 1000);
    const id_token = await provider.sign({
      iss: provider.issuer,
      sub: 'u-alice',
      aud: 'grafana',
      nonce: 'x',
      iat: now,
      exp: now + 60,
    });
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
    const page = await browser.open(callback);
    expect(page.status).toBe(400);
    expect(page.text).toContain('invalid_answer');
    expect(sessionLine()).toBeUndefined();
  });

  test('is another one (mix-up, RFC 9207): the code is not sent to it', async () => {
    const callback = new URL(await untilCallback(browser, withRd));
    callback.searchParams.set('iss', 'https://evil.example.org');
    const before = provider.counts.token;
    expect((await browser.open(callback.href)).status).toBe(400);
    expect(provider.counts.token).toBe(before);
  });
});

describe('every endpoint', () => {
  test('the store is unavailable: 503, no session begins, no session ends', async () => {
    const callback = await untilCallback(browser, withRd);
    storeDown = true;
    const page = await browser.open(callback);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(page.headers.get('x-gatepost-reason')).toBe('store_unavailable');
    expect(sessionLine()).toBeUndefined();
  });

  test('an unknown host is a 404 that names it', async () => {
    const response = await fetch(`http://127.0.0.1:${site.port}/outpost.goauthentik.io/start`, {
      headers: { 'x-forwarded-host': 'other.example.org' },
    });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('other.example.org');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(site.signins.at(-1)).toMatchObject({ outcome: 'unknown_host', detail: 'host other.example.org' });
  });

  test('other methods are a 405 with Allow', async () => {
    for (const name of ['start', 'callback']) {
      const page = await browser.open(endpoint(host, name), { method: 'POST' });
      expect([page.status, page.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
    const put = await browser.open(endpoint(host, 'sign_out'), { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect((await browser.open(withRd, { method: 'HEAD' })).status).toBe(302);
  });

  test('no secret reaches the log', async () => {
    const callback = await untilCallback(browser, withRd);
    await browser.open(callback);
    const events = JSON.stringify([site.signins, site.logged]);
    const { searchParams } = new URL(callback);
    for (const secret of [searchParams.get('code'), searchParams.get('state'), sessionLine()?.split('=')[1]]) {
      expect(secret).toBeTypeOf('string');
      expect(events).not.toContain(secret);
    }
  });
});

describe('signing out', () => {
  test('ends the session, goes to the provider with id_token_hint, and signing in again works at the first try', async () => {
    await browser.open(await untilCallback(browser, withRd));
    const cookie = sessionLine()!;
    const out = await browser.open(endpoint(host, 'sign_out'));
    expect(out.status).toBe(302);
    const there = new URL(out.location!);
    expect(there.origin + there.pathname).toBe(`${provider.issuer}/session/end`);
    expect(there.searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    expect((await browser.open(url)).status).toBe(401);
    expect((await site.browser().open(url, { headers: { cookie } })).status).toBe(401);
    expect((await browser.open(await untilCallback(browser, withRd))).location).toBe(url);
    expect((await browser.open(url)).status).toBe(200);
  });

  test('ends the sessions of that user on other browsers and applications, and of no other user', async () => {
    const [phone, bob] = [site.browser(), site.browser()];
    await browser.open(await untilCallback(browser, withRd));
    await phone.open(await untilCallback(phone, endpoint('wiki.example.com', 'start')));
    await bob.open(await untilCallback(bob, withRd, 'bob'));
    expect((await phone.open('https://wiki.example.com/')).status).toBe(200);
    await browser.open(endpoint(host, 'sign_out'), { method: 'POST', headers: { origin: `https://${host}` } });
    expect((await phone.open('https://wiki.example.com/')).status).toBe(401);
    expect((await bob.open(url)).status).toBe(200);
  });

  // Attack: a thief keeps a stolen session, because its owner signed out after the token had ended and while the provider was down.
  test('ends all sessions of that user, whatever has become of the token and of the provider', async () => {
    const wiki = 'wiki.example.com';
    const thief = site.browser();
    for (const one of [browser, thief]) await one.open(await untilCallback(one, endpoint(wiki, 'start')));
    site.clock.shift = 2 * 3_600_000;
    provider.fail('token', 'error');
    const out = await browser.open(endpoint(wiki, 'sign_out'));
    expect(out.status).toBe(302);
    expect(new URL(out.location!).searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    site.clock.shift = 0;
    expect((await thief.open(`https://${wiki}/`)).status).toBe(401);
  });

  test('is no loop when it is done again and again', async () => {
    for (let login = 0; login < 4; login += 1) {
      await browser.open(await untilCallback(browser, withRd));
      await browser.open(endpoint(host, 'sign_out'));
    }
    expect((await browser.open(withRd)).status).toBe(302);
  });

  test('without a session shows a page', async () => {
    const page = await browser.open(endpoint('wiki.example.com', 'sign_out'));
    expect(page.status).toBe(200);
    expect(page.text).toContain('You are signed out of Wiki &#60;b&#62;&#38;');
    expect(page.text).not.toContain('<b>');
  });

  // Attack: a full store deletes and does not write: the session would be gone, and a stolen one of the same user live on.
  test('that a full store refuses can be repeated, and ends all sessions then', async () => {
    const [wiki, thief] = ['wiki.example.com', site.browser()];
    for (const one of [browser, thief]) await one.open(await untilCallback(one, endpoint(wiki, 'start')));
    storeFull = true;
    expect((await browser.open(endpoint(wiki, 'sign_out'))).status).toBe(503);
    storeFull = false;
    expect((await thief.open(`https://${wiki}/`)).status).toBe(200);
    expect((await browser.open(endpoint(wiki, 'sign_out'))).status).toBe(302);
    expect((await thief.open(`https://${wiki}/`)).status).toBe(401);
  });

  test('is a 503 and keeps the session while the store is unavailable', async () => {
    await browser.open(await untilCallback(browser, endpoint('wiki.example.com', 'start')));
    const before = browser.cookiesFor('https://wiki.example.com/');
    storeDown = true;
    expect((await browser.open(endpoint('wiki.example.com', 'sign_out'))).status).toBe(503);
    expect(browser.cookiesFor('https://wiki.example.com/')).toBe(before);
  });
});
