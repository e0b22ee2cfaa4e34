import { describe, expect, test } from 'vitest';
import { isDeliberateSignOut } from '../../src/signin/sign_out_request.ts';

const single = { external_host: 'https://app.example.com', mode: 'forward_single' as const, cookie_domain: undefined };
const domain = {
  external_host: 'https://auth.example.com',
  mode: 'forward_domain' as const,
  cookie_domain: 'example.com',
};
const page = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

const deliberate = (
  headers: Record<string, string>,
  { method = 'GET', host = 'app.example.com', application = single as typeof single | typeof domain } = {},
) => isDeliberateSignOut({ method, headers, host, application });

describe('a GET', () => {
  test.each<[string, Record<string, string>]>([
    ['a click on the site itself', page],
    ['a click on a site of the same domain', { ...page, 'sec-fetch-site': 'same-site' }],
    ['an address that was typed', { ...page, 'sec-fetch-site': 'none' }],
    ['a program', {}],
    ['curl', { accept: '*/*' }],
    ["Node's fetch", { accept: '*/*', 'sec-fetch-mode': 'cors' }],
    ['a browser without Fetch Metadata', { accept: 'text/html', referer: 'https://app.example.com/page?x' }],
  ])('%s signs out at once', (_, headers) => expect(deliberate(headers)).toBe(true));

  // Attack: forced sign-out: a page of another site, or a browser ahead of a click, requests the address.
  test.each<[string, Record<string, string>]>([
    ['a link of another site', { ...page, 'sec-fetch-site': 'cross-site' }],
    ['a site that nobody knows', { ...page, 'sec-fetch-site': 'nonsense' }],
    ['two sites', { ...page, 'sec-fetch-site': 'same-origin, cross-site' }],
    ['an image', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', { ...page, 'sec-fetch-dest': 'iframe' }],
    ['a script', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['an empty destination', { ...page, 'sec-fetch-dest': '' }],
    ['a prefetch', { ...page, 'sec-purpose': 'prefetch' }],
    ['a prerendered page', { ...page, 'sec-purpose': 'prefetch;prerender' }],
    ['a prefetch of an older browser', { purpose: 'prefetch' }],
    ['a prefetch of Firefox', { 'x-moz': 'prefetch' }],
    ['a preview of Safari', { 'x-purpose': 'preview' }],
    ['a page of another site, without Fetch Metadata', { referer: 'https://evil.example.net/' }],
    ['a page of a longer host', { referer: 'https://app.example.com.evil.net/' }],
    ['a page of another port', { referer: 'https://app.example.com:8443/' }],
    ['a page over http', { referer: 'http://app.example.com/' }],
    ['a neighbour of a single site, without Fetch Metadata', { referer: 'https://evil.example.com/' }],
    ['an origin that is none', { origin: 'null' }],
    ['a reference that is no address', { referer: 'about:blank' }],
    ['an XMLHttpRequest, without Fetch Metadata', { 'x-requested-with': 'XMLHttpRequest' }],
  ])('%s signs nobody out', (_, headers) => expect(deliberate(headers)).toBe(false));

  test('the hosts of a domain are one application', () => {
    const at = { host: 'one.example.com', application: domain };
    expect(deliberate({ referer: 'https://two.example.com/x' }, at)).toBe(true);
    expect(deliberate({ referer: 'https://evilexample.com/x' }, at)).toBe(false);
  });
});

test.each(['HEAD', 'PUT', 'OPTIONS'])('a %s signs nobody out', (method) => {
  expect(deliberate({}, { method })).toBe(false);
  expect(deliberate(page, { method })).toBe(false);
});

describe('a POST', () => {
  const post = (headers: Record<string, string>, more = {}) => deliberate(headers, { method: 'POST', ...more });

  test('of the same origin signs out', () => {
    expect(post(page)).toBe(true);
    expect(post({ origin: 'https://app.example.com' })).toBe(true);
    const at = { host: 'two.example.com', application: domain };
    expect(post({ origin: 'https://two.example.com' }, at)).toBe(true);
  });

  test('with a port that the proxy left out of the host', () => {
    const application = { ...single, external_host: 'https://app.example.com:8443' };
    expect(post({ origin: 'https://app.example.com:8443' }, { application })).toBe(true);
    expect(post({ origin: 'https://app.example.com' }, { application })).toBe(false);
  });

  // Attack: CSRF: a form of another site that posts itself.
  test.each<[string, Record<string, string>]>([
    ['another site', { ...page, 'sec-fetch-site': 'cross-site' }],
    ['a neighbour host', { ...page, 'sec-fetch-site': 'same-site' }],
    ['no page at all', { ...page, 'sec-fetch-site': 'none' }],
    ['another site, whatever its origin says', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' }],
    ['a frame', { ...page, 'sec-fetch-dest': 'iframe' }],
    ['another origin', { origin: 'https://evil.example.net' }],
    ['another scheme', { origin: 'http://app.example.com' }],
    ['an origin that is hidden', { origin: 'null' }],
    ['nowhere', {}],
    ['nowhere but a page of the site', { referer: 'https://app.example.com/' }],
  ])('of %s signs nobody out', (_, headers) => expect(post(headers)).toBe(false));

  test('of another host of the same domain signs nobody out', () => {
    expect(post({ origin: 'https://one.example.com' }, { host: 'two.example.com', application: domain })).toBe(false);
  });
});
