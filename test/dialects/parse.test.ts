import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { findDialect } from '../../src/dialects/index.ts';

const options = {
  nginxMethodHeader: undefined as string | undefined,
  schemeOf: () => 'https' as const,
  /** `app.example.com` and `two.example.com` are applications. */
  areDifferent: (host: string, urlHost: string) => [host, urlHost].sort().join() === 'app.example.com,two.example.com',
  areToldApart: () => false,
};

function read(
  target: string,
  headers: Record<string, string | string[]>,
  more: Partial<typeof options> & { method?: string } = {},
) {
  const found = findDialect(target)!;
  const rawHeaders = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  const joined = Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name.toLowerCase(),
      name === 'Host' ? [values].flat()[0] : [values].flat().join(', '),
    ]),
  ) as IncomingHttpHeaders;
  const request = { method: more.method ?? 'GET', headers: joined, rawHeaders };
  const reading = found.dialect.parse(request, found.rest, { ...options, ...more });
  return 'kind' in reading ? `${reading.header} ${reading.problem}` : `${reading.method} ${reading.url.href}`;
}

test.each([
  ['/outpost.goauthentik.io/auth/nginx', 'nginx'],
  ['/auth/nginx', 'nginx'],
  ['/auth/traefik?x-authentik-no-redirect', 'traefik'],
  ['/outpost.goauthentik.io/auth/caddy', 'caddy'],
  ['/outpost.goauthentik.io/auth/envoy', 'envoy'],
  ['/auth/envoy/any/path?x=1', 'envoy'],
  ['/outpost.goauthentik.io/auth/envoy?X-authentik-auth-callback=true', 'envoy'],
  ['/outpost.goauthentik.io/auth', 'nginx'],
  ['/outpost.goauthentik.io/auth?traefik', 'traefik'],
  ['/outpost.goauthentik.io/auth?traefik=1', 'traefik'],
])('%s is of the dialect %s', (target, name) => expect(findDialect(target)?.dialect.name).toBe(name));

test.each([
  '/',
  '/auth',
  '/auth/',
  '/auth/nginx/',
  '/auth/nginxx',
  '/auth/envoyx',
  '/outpost.goauthentik.io/auth/',
  '/outpost.goauthentik.io/start',
  '/AUTH/nginx',
  '//auth/nginx',
])('%s is no auth endpoint', (target) => expect(findDialect(target)).toBeUndefined());

describe.each(['traefik', 'caddy'])('%s', (name) => {
  const target = `/outpost.goauthentik.io/auth/${name}`;
  const good = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'App.Example.com',
    'X-Forwarded-Uri': '/a?b=1',
    'X-Forwarded-Method': 'POST',
  };

  test('reads the four X-Forwarded headers', () =>
    expect(read(target, good)).toBe('POST https://app.example.com/a?b=1'));
  test('takes a missing method for GET', () => {
    const { 'X-Forwarded-Method': _, ...rest } = good;
    expect(read(target, rest)).toBe('GET https://app.example.com/a?b=1');
  });
  test.each([
    ['ws', 'http'],
    ['WSS', 'https'],
    ['HTTP', 'http'],
  ])('counts %s as %s', (proto, scheme) =>
    expect(read(target, { ...good, 'X-Forwarded-Proto': proto })).toBe(`POST ${scheme}://app.example.com/a?b=1`));
  test.each(['X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri'])('is unusable without %s', (missing) => {
    expect(read(target, Object.fromEntries(Object.entries(good).filter(([key]) => key !== missing)))).toBe(
      `${missing} is missing or empty`,
    );
    expect(read(target, { ...good, [missing]: '' })).toBe(`${missing} is missing or empty`);
  });
  test.each([
    ['X-Forwarded-Proto', 'ftp'],
    ['X-Forwarded-Proto', 'https, http'],
    ['X-Forwarded-Proto', 'https, '],
    ['X-Forwarded-Proto', ',https'],
    ['X-Forwarded-Proto', 'https, ftp'],
    ['X-Forwarded-Proto', 'https https'],
    ['X-Forwarded-Proto', `https${', https'.repeat(1000)}`],
    ['X-Forwarded-Host', 'app.example.com, '],
    ['X-Forwarded-Host', 'app.example.com, app.example.com:81'],
    ['X-Forwarded-Host', 'app.example.com app.example.com'],
    ['X-Forwarded-Host', 'app.example.com:'],
    ['X-Forwarded-Host', 'app.example.com:0080'],
    ['X-Forwarded-Host', 'app.example.com:80:80'],
    ['X-Forwarded-Host', 'app.example.com:80.'],
    ['X-Forwarded-Host', 'app.example.com:65536'],
    ['X-Forwarded-Host', 'app.example.com#'],
    ['X-Forwarded-Host', 'app.example.com?'],
    ['X-Forwarded-Host', 'user@app.example.com'],
    ['X-Forwarded-Host', 'app.example.com/x'],
    ['X-Forwarded-Host', 'app.example.com, evil.example.com'],
    ['X-Forwarded-Uri', 'a'],
    ['X-Forwarded-Uri', '*'],
    ['X-Forwarded-Uri', 'https://evil.example.com/'],
    ['X-Forwarded-Uri', '/a b'],
    ['X-Forwarded-Uri', '/a\tb'],
    ['X-Forwarded-Uri', '/a\x7f'],
    ['X-Forwarded-Uri', `/${'a'.repeat(16 * 1024)}`],
    // Three times as long as it looks, once it is percent-encoded.
    ['X-Forwarded-Uri', `/${'\xfc'.repeat(6 * 1024)}`],
    ['X-Forwarded-Method', 'GET, POST'],
    ['X-Forwarded-Method', ''],
  ])('is unusable with %s: %j', (header, value) =>
    expect(read(target, { ...good, [header]: value })).toMatch(new RegExp(`^${header} `)));
  test('reads no headers of nginx, and no spellings with underscores', () => {
    expect(read(target, { ...good, 'X-Original-URL': 'https://other.example.com/', 'X-Original-Method': 'GET' })).toBe(
      'POST https://app.example.com/a?b=1',
    );
    expect(read(target, { ...good, 'X-Forwarded-Host': '', X_Forwarded_Host: 'app.example.com' })).toBe(
      'X-Forwarded-Host is missing or empty',
    );
  });
  test.each(['app.example.com.:443', 'app.example.com:80', 'app.example.com.'])('%s is the host alone', (host) =>
    expect(read(target, { ...good, 'X-Forwarded-Host': host })).toBe('POST https://app.example.com/a?b=1'));
  test.each([
    ['X-Forwarded-Proto', ['https', 'https']],
    ['X-Forwarded-Proto', ['https , HTTPS,wss']],
    ['X-Forwarded-Host', ['app.example.com', 'APP.example.com']],
    ['X-Forwarded-Host', ['app.example.com,app.example.com:443, app.example.com.']],
  ])('counts a list in %s whose members are equal as one: %j', (header, value) =>
    expect(read(target, { ...good, [header]: value })).toBe('POST https://app.example.com/a?b=1'));
  test('shows the members of a list that differ, so that the operator sees which proxy to mend', () => {
    expect(read(target, { ...good, 'X-Forwarded-Proto': 'https, http, wss' })).toBe(
      'X-Forwarded-Proto is a list of different schemes (https, http)',
    );
    expect(read(target, { ...good, 'X-Forwarded-Host': ['App.example.com', 'two.example.com'] })).toBe(
      'X-Forwarded-Host is a list of different hosts (app.example.com, two.example.com)',
    );
  });
  test('percent-encodes raw bytes', () =>
    expect(read(target, { ...good, 'X-Forwarded-Uri': Buffer.from('/ü?é').toString('latin1') })).toBe(
      'POST https://app.example.com/%C3%BC?%C3%A9',
    ));
});

describe('nginx', () => {
  const target = '/outpost.goauthentik.io/auth/nginx';
  const url = { 'X-Original-URL': 'https://app.example.com/a?b=1', Host: 'gatepost:9000' };

  test('reads X-Original-URL, and knows no method', () =>
    expect(read(target, url)).toBe('undefined https://app.example.com/a?b=1'));
  test('believes the method of the header that the operator names', () => {
    expect(read(target, { ...url, 'X-Original-Method': 'POST' })).toBe('undefined https://app.example.com/a?b=1');
    const named = { nginxMethodHeader: 'x-original-method' };
    expect(read(target, { ...url, 'X-Original-Method': 'POST' }, named)).toBe('POST https://app.example.com/a?b=1');
    expect(read(target, url, named)).toBe('undefined https://app.example.com/a?b=1');
    expect(read(target, { ...url, 'X-Original-Method': ['GET', 'POST'] }, named)).toBe(
      'x-original-method is not one method',
    );
  });
  test.each(['X-Original-URI', 'X-Forwarded-Uri'])('reads %s with scheme and host', (name) => {
    const parts = {
      [name]: '/a?b=1',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'app.example.com',
      Host: 'other',
    };
    expect(read(target, parts)).toBe('undefined http://app.example.com/a?b=1');
    expect(read(target, { [name]: '/a', Host: 'app.example.com' })).toBe('undefined https://app.example.com/a');
    expect(read(target, { [name]: '/a', Host: ['app.example.com', 'evil.example.com'] })).toBe('Host is there twice');
    expect(read(target, { [name]: '', Host: 'app.example.com' })).toBe(`${name} is missing or empty`);
  });
  // Attack: nginx hands the client's headers on; one that the operator forgot must not decide.
  test.each([
    { 'X-Original-URI': '/public/' },
    { 'X-Forwarded-Uri': '/public/' },
    { 'X-Forwarded-Uri': '/a?b=2' },
    { 'X-Original-URI': '/a?b=1', 'X-Forwarded-Uri': '/a' },
  ] as Record<string, string>[])('is unusable when the client adds %j', (added) =>
    expect(read(target, { ...url, ...added })).toMatch(/contradicts the other headers$/));
  test('takes headers that agree', () =>
    expect(read(target, { ...url, 'X-Original-URI': '/a?b=1', 'X-Forwarded-Uri': '/a?b=1' })).toBe(
      'undefined https://app.example.com/a?b=1',
    ));
  test.each([
    ['', 'X-Original-URL is empty'],
    ['/a', 'X-Original-URL is not an absolute URL'],
    ['ftp://app.example.com/', 'X-Original-URL is neither http nor https'],
    ['javascript://app.example.com/', 'X-Original-URL is neither http nor https'],
    ['https://user:pw@app.example.com/', 'X-Original-URL has user information before the host'],
    ['https:///a', 'X-Original-URL has an empty host'],
    ['https://a.example.com\\@b.example.com/', 'X-Original-URL has user information before the host'],
    ['https://app.example.com/a b', 'X-Original-URL has spaces or control characters, or is there twice'],
  ])('is unusable with X-Original-URL: %j', (value, problem) =>
    expect(read(target, { 'X-Original-URL': value })).toBe(problem));
  test('names X-Original-URL when there is nothing to read', () =>
    expect(read(target, { Host: 'app.example.com' })).toBe('X-Original-URL is missing or empty'));
  // Attack: `Host: app.example.com?` makes a query of the path, and the rule for the path is not met.
  test.each(['', '?', '#', '?/a', '#/a', ':80?/a', '?x#/a'])('is unusable with a host that ends in %j', (end) =>
    expect(read(target, { 'X-Original-URL': `https://app.example.com${end}` })).toBe(
      'X-Original-URL has no path behind the host',
    ));
  test.each([
    '.',
    ':',
    ':0080',
    ':80:80',
    ':65536',
    '\\',
    '\\/',
    '%2f',
    '%23',
    ';',
  ])('is unusable with, or the same host as, a host that ends in %j', (end) =>
    expect(read(target, { 'X-Original-URL': `https://app.example.com${end}/a` })).toMatch(
      /^(?:X-Original-URL is not one host|undefined https:\/\/app\.example\.com\/a$)/,
    ));
});

// Attack: the client writes one of the two, and the proxy serves the other.
describe.each(['nginx', 'caddy'])('%s: the own Host', (name) => {
  const target = `/auth/${name}`;
  const good = {
    'X-Original-URL': 'https://app.example.com/a',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example.com',
    'X-Forwarded-Uri': '/a',
  };
  test.each([
    'two.example.com',
    'TWO.example.com',
    'two.example.com:80',
    'two.example.com.:443',
    'two.example.com.',
  ])('is unusable as %s, which is another application than the forwarded URL', (Host) =>
    expect(read(target, { ...good, Host })).toBe(
      'Host (two.example.com) is of another application than the forwarded URL (app.example.com)',
    ));
  test.each([
    'two.example.com:',
    'two.example.com:080',
    'two.example.com/',
    'two.example.com?',
    'x@two.example.com',
  ])('is unusable as %s', (Host) =>
    expect(read(target, { ...good, Host })).toMatch(/^Host (?:is not one host|has user information)/));
  test('is unusable twice, even if both are the same', () =>
    expect(read(target, { ...good, Host: ['app.example.com', 'app.example.com'] })).toBe('Host is there twice'));
  test.each([
    '',
    '127.0.0.1',
    'gatepost:9000',
    'APP.example.com',
    'app.example.com:443',
    '[::1]:9000',
    'gate_post',
  ])('contradicts nothing as %j', (Host) =>
    expect(read(target, { ...good, Host })).toMatch(/ https:\/\/app\.example\.com\/a$/));
});

test('Traefik, which sends its own Host, may send any', () =>
  expect(
    read('/auth/traefik', {
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'app.example.com',
      'X-Forwarded-Uri': '/a',
      Host: ['two.example.com', 'x'],
    }),
  ).toBe('GET https://app.example.com/a'));

describe('envoy', () => {
  const read1 = (target: string, headers: Record<string, string | string[]>, method = 'GET') =>
    read(target, headers, { method });
  test('reads the path after the prefix, Host and its own method', () => {
    expect(
      read1(
        '/outpost.goauthentik.io/auth/envoy/a?b=1',
        { Host: 'app.example.com', 'X-Forwarded-Proto': 'http' },
        'PROPFIND',
      ),
    ).toBe('PROPFIND http://app.example.com/a?b=1');
    expect(read1('/auth/envoy', { Host: 'app.example.com' })).toBe('GET https://app.example.com/');
    expect(read1('/auth/envoy?x', { Host: 'app.example.com' })).toBe('GET https://app.example.com/?x');
  });
  test('is unusable without one Host', () => {
    expect(read1('/auth/envoy/', {})).toBe('Host is missing or empty');
    expect(read1('/auth/envoy/', { Host: ['a.example.com', 'b.example.com'] })).toBe('Host is there twice');
  });
  test('is unusable with a foreign scheme', () =>
    expect(read1('/auth/envoy/', { Host: 'a.example.com', 'X-Forwarded-Proto': 'gopher' })).toBe(
      'X-Forwarded-Proto is neither http nor https',
    ));
});

test('every dialect says whether it can redirect', () => {
  const redirects = ['nginx', 'traefik', 'caddy', 'envoy'].map(
    (name) => findDialect(`/auth/${name}`)?.dialect.capabilities.redirect,
  );
  expect(redirects).toEqual([false, true, true, true]);
});
