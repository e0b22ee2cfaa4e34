import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cookieSuffix } from '../../src/sessions/session_cookie.ts';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { type Browser, endpoint, redirectUri, startSignin, untilCallback } from './fixture.ts';

const host = 'grafana.example.com';
const start = endpoint(host, 'start');
const startFor = (url: string) => `${start}?rd=${encodeURIComponent(url)}`;
/** What cannot be compressed by much. */
const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length);
const pageOf = (query: string) => `https://${host}/app/discover?${query}`;

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
let browser: Browser;

beforeAll(async () => {
  const redirect_uris = [host, 'auth.example.com'].map(redirectUri);
  const clients = ['grafana', 'domain'].map((client_id) => ({ client_id, client_secret: 'secret', redirect_uris }));
  provider = await startProvider({ clients });
  const common = { issuer: provider.issuer, client_secret: 'secret' };
  site = await startSignin([
    makeApplication(common),
    makeApplication({
      ...common,
      slug: 'domain',
      client_id: 'domain',
      external_host: 'https://auth.example.com',
      mode: 'forward_domain',
      cookie_domain: 'example.com',
    }),
  ]);
});
afterAll(async () => {
  await site.close();
  await provider.close();
});
beforeEach(() => {
  browser = site.browser();
});

const addressCookies = () => browser.cookiesFor(start).match(/gatepost_login_\w{8}_[\w-]+=[^;]*/g) ?? [];

describe('a page with a long address', () => {
  const structured = (length: number) =>
    Array.from({ length: Math.ceil(length / 25) }, (_, at) => `filter%5B${at}%5D=value-${at}`)
      .join('&')
      .slice(0, length);
  test.each([
    ['200 characters', pageOf(random(200))],
    ['1,000 characters', pageOf(random(1000))],
    ['6,000 characters with a form', pageOf(structured(6000))],
    ['8 KiB that nothing makes shorter', pageOf(random(8192 - 15))],
    ['8 KiB of Chinese', pageOf(`q=${encodeURIComponent('山田太郎時計'.repeat(151))}`)],
    ['8 KiB of percent signs', pageOf(`q=${'%25'.repeat(2700)}`)],
    ['a path of 8 KiB', `https://${host}/${random(8000)}`],
  ])('of %s comes back whole, and the provider is asked in fewer than 2,048', async (_, url) => {
    const first = await browser.open(startFor(url));
    expect(first.location!.length).toBeLessThan(2048);
    expect(new URL(first.location!).searchParams.get('state')!.length).toBeLessThanOrEqual(512);
    for (const line of first.headers.getSetCookie()) expect(line.length).toBeLessThanOrEqual(4096);
    const back = await browser.open(await untilCallback(browser, startFor(url)));
    expect(back.location).toBe(url);
  });

  test('of more than 8 KiB comes back without its query', async () => {
    const callback = await untilCallback(browser, startFor(pageOf(random(8300))));
    expect((await browser.open(callback)).location).toBe(`https://${host}/app/discover`);
  });

  test('is kept in cookies for these endpoints alone, which go when the login is complete', async () => {
    const callback = await untilCallback(browser, startFor(pageOf(random(6000))));
    expect(addressCookies()).toHaveLength(2);
    expect(browser.cookiesFor(`https://${host}/`)).not.toMatch(/gatepost_login_\w{8}_/);
    await browser.open(callback);
    expect(addressCookies()).toEqual([]);
  });

  test('is kept while the provider is down, and the code can be tried again', async () => {
    const url = pageOf(random(3000));
    const callback = await untilCallback(browser, startFor(url));
    provider.fail('token', 'error');
    expect((await browser.open(callback)).status).toBe(503);
    provider.fail('token', undefined);
    expect((await browser.open(callback)).location).toBe(url);
  });

  test('is kept through a second attempt', async () => {
    const url = pageOf(random(3000));
    const callback = await untilCallback(browser, startFor(url));
    for (const key of browser.jar.keys()) if (key.startsWith('__Host-gatepost_login_')) browser.jar.delete(key);
    const again = await browser.open(callback);
    expect(new URL(again.location!).searchParams.get('state')).toMatch(/^2\./);
    expect(addressCookies()).toHaveLength(1);
    const page = await browser.follow(again.location!, (next) => next.pathname.startsWith('/app/'));
    expect(page.location).toBe(url);
  });

  test('of a host of a domain comes back from the login at another host, and no host can read it', async () => {
    const url = `https://two.example.com/x?${'secret-word-'.repeat(10)}${random(3000)}`;
    const callback = await untilCallback(
      browser,
      `${endpoint('two.example.com', 'start')}?rd=${encodeURIComponent(url)}`,
    );
    const [cookie = ''] = addressCookies();
    expect(Buffer.from(cookie.split('=')[1]!, 'base64url').toString('latin1')).not.toContain('secret-word');
    expect((await browser.open(callback)).location).toBe(url);
  });
});

describe('logins that nobody completes', () => {
  test('sixty leave fewer than 4 KiB of cookies, and the newest one can be completed', async () => {
    for (const length of [250, 900, 3000]) {
      let url = '';
      for (let login = 0; login < 60; login += 1) {
        url = pageOf(`${login}&${random(length)}`);
        await browser.open(startFor(url));
      }
      expect(browser.cookiesFor(start).length).toBeLessThan(4096);
      expect((await browser.open(await untilCallback(browser, startFor(url)))).location).toBe(url);
    }
  });

  test('a tab whose address had no room any more ends at its path', async () => {
    const one = await untilCallback(browser, startFor(pageOf(random(3000))));
    const url = pageOf(random(3000));
    const two = await untilCallback(browser, startFor(url));
    expect((await browser.open(one)).location).toBe(`https://${host}/app/discover`);
    // The other tab is signed in by now.
    expect((await browser.open(two)).location).toBe(url);
  });

  test('four tabs with addresses of 3,000 characters end in any order, each at its own', async () => {
    const query = (at: number) =>
      Array.from({ length: 120 }, (_, part) => `filter%5B${part}%5D=value-${at}-${part}`).join('&') + random(150);
    const urls = Array.from({ length: 4 }, (_, at) => pageOf(query(at)));
    const callbacks = [];
    for (const url of urls) callbacks.push(await untilCallback(browser, startFor(url)));
    expect(addressCookies()).toHaveLength(4);
    for (const at of [3, 0, 1, 2]) expect((await browser.open(callbacks[at]!)).location).toBe(urls[at]);
    expect(addressCookies()).toEqual([]);
  });

  // A browser that opens all its tabs again: each begins before it knows the cookies of the others.
  test('twenty that begin at the same moment leave no more than one long address and four short ones', async () => {
    const urls = Array.from({ length: 20 }, (_, at) => pageOf(`${at}&${random(at % 2 === 0 ? 500 : 3000)}`));
    const callbacks = await Promise.all(urls.map((url) => untilCallback(browser, startFor(url))));
    expect(browser.cookiesFor(start).length).toBeLessThan(7500);
    for (const [at, callback] of callbacks.entries()) {
      const page = await browser.follow(callback, (next) => next.pathname.startsWith('/app/'));
      expect([urls[at], `https://${host}/app/discover`]).toContain(page.location);
    }
  });

  test('a shorter address leaves nothing of a longer one behind', async () => {
    await browser.open(startFor(pageOf(random(8000))));
    expect(addressCookies().length).toBe(3);
    const url = pageOf(random(2000));
    const callback = await untilCallback(browser, startFor(url));
    expect(addressCookies()).toHaveLength(1);
    expect((await browser.open(callback)).location).toBe(url);
  });
});

// Attack: a neighbour host plants cookies of these names, to lead the visitor elsewhere or to keep the login from ending.
describe('address cookies that a neighbour host has planted', () => {
  const prefix = `gatepost_login_${cookieSuffix('grafana')}_`;
  const future = (60 * 36 ** 5).toString(36).padStart(7, 'z');
  const plant = (name: string, value: string, path: string) =>
    browser.jar.set(`${name}|${host}|${path}`, { value: `${name}=${value}`, host, domain: true, path, secure: false });
  const everywhere = (value: string, path: string) => {
    for (const name of ['00', '10', '20', '30', '40', '41', '42']) plant(prefix + name, value, path);
  };

  describe.each([400, 2000, 8000])('an address of %d characters', (length) => {
    test.each([
      ['empty', ''],
      ['short', 'x'],
      ['long', 'x'.repeat(3800)],
      ['from the future', `${future}${'x'.repeat(300)}`],
      ['with quotes and percent signs', '"%00%"'],
    ])('beside %s ones comes back whole', async (_, value) => {
      everywhere(value, '/outpost.goauthentik.io/');
      const url = pageOf(random(length));
      const callback = await untilCallback(browser, startFor(url));
      expect((await browser.open(callback)).location).toBe(url);
    });

    test('in place of which there is another one: its path', async () => {
      const callback = await untilCallback(browser, startFor(pageOf(random(length))));
      everywhere('x'.repeat(300), '/outpost.goauthentik.io');
      expect((await browser.open(callback)).location).toBe(`https://${host}/app/discover`);
    });
  });

  test('as many as a browser keeps: the login ends where it should', async () => {
    for (let at = 0; at < 20; at += 1) everywhere('x'.repeat(100), `/outpost.goauthentik.io${'/'.repeat(at % 2)}`);
    for (let at = 0; at < 180; at += 1) plant(`${prefix}${at}`, 'x'.repeat(200), '/outpost.goauthentik.io');
    const url = pageOf(random(250));
    const callback = await untilCallback(browser, startFor(url));
    const back = await browser.open(callback);
    expect(back.status).toBe(302);
    expect(back.headers.getSetCookie().length).toBeLessThan(20);
    expect(back.headers.getSetCookie().join()).toContain('authentik_proxy_');
  });
});
