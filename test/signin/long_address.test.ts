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

  test('six tabs with addresses of 1,000 characters end in any order, each at its own', async () => {
    const urls = Array.from({ length: 6 }, (_, at) =>
      pageOf(`tab=${at}&q=${'service.name:checkout+'.repeat(35)}${random(150)}`),
    );
    const callbacks = [];
    for (const url of urls) callbacks.push(await untilCallback(browser, startFor(url)));
    for (const at of [3, 0, 5, 1, 4, 2]) expect((await browser.open(callbacks[at]!)).location).toBe(urls[at]);
  });
});

// Attack: a neighbour host plants cookies of these names, to lead the visitor elsewhere or to keep the login from ending.
describe('address cookies that a neighbour host has planted', () => {
  const planted = (name: string, value: string) =>
    browser.jar.set(`${name}|${host}|/outpost.goauthentik.io/planted`, {
      value: `${name}=${value}`,
      host,
      domain: true,
      path: '/outpost.goauthentik.io',
      secure: false,
    });

  test.each([
    '',
    'x',
    'x'.repeat(3800),
    '"; a=b',
    '%00',
  ])('with the name of the right one, and %s in it: the path', async (value) => {
    const callback = await untilCallback(browser, startFor(pageOf(random(3000))));
    const [cookie = ''] = addressCookies();
    for (const key of browser.jar.keys()) if (key.startsWith(cookie.split('=')[0]!)) browser.jar.delete(key);
    planted(cookie.split('=')[0]!, value);
    expect((await browser.open(callback)).location).toBe(`https://${host}/app/discover`);
  });

  test('as many as a browser keeps: the login ends where it should', async () => {
    const prefix = `gatepost_login_${cookieSuffix('grafana')}_`;
    for (let at = 0; at < 180; at += 1) planted(`${prefix}zzzzzzz${String(at).padStart(6, '0')}0`, 'x'.repeat(200));
    const url = pageOf(random(2000));
    const first = await browser.open(startFor(url));
    expect(first.headers.getSetCookie().length).toBeLessThan(60);
    const callback = await untilCallback(browser, startFor(url));
    expect((await browser.open(callback)).location).toBe(url);
  });
});
