import { describe, expect, test } from 'vitest';
import { readRd, returnUrl } from '../../src/signin/return_url.ts';

const single = { external_host: 'https://app.example.com', mode: 'forward_single' as const };
const port = { external_host: 'https://app.example.com:8443', mode: 'forward_single' as const };
const plain = { external_host: 'http://app.example.com', mode: 'forward_single' as const };
const domain = {
  external_host: 'https://auth.example.com',
  mode: 'forward_domain' as const,
  cookie_domain: 'example.com',
};
const home = 'https://app.example.com/';
const e = encodeURIComponent;

describe('the text of rd in a raw query', () => {
  test.each([
    ['encoded', `rd=${e('https://app.example.com/a?b=1&c=2')}`, 'https://app.example.com/a?b=1&c=2'],
    ['encoded, with others after it', `rd=${e('/a?b=1')}&x=2`, '/a?b=1'],
    ['encoded, with others before it', `x=2&rd=${e('/a')}`, '/a'],
    ['a bare path that is not encoded takes the rest', 'rd=/a?b=1&c=2&rd=3', '/a?b=1&c=2&rd=3'],
    [
      'a URL that is not encoded takes the rest',
      'rd=https://app.example.com/a?b=1&c=2',
      'https://app.example.com/a?b=1&c=2',
    ],
    ['what is not encoded is not decoded', 'rd=/a%2Fb?c=%26', '/a%2Fb?c=%26'],
    [
      'encoded behind a plain host',
      'rd=https://app.example.com%2fa%3Fb%3D%2526%26c',
      'https://app.example.com/a?b=%26&c',
    ],
    ['encoded behind a plain host takes the rest', 'rd=http://a.b:81%2Fa%3Fb&c', 'http://a.b:81/a?b&c'],
    ['an encoded slash behind a plain one is not decoded', 'rd=http://a.b/x%2Fy?z=%26', 'http://a.b/x%2Fy?z=%26'],
    ['broken encoding behind a plain host', 'rd=http://a.b%2Fx%zz', undefined],
    ['a plus stays a plus', 'rd=%2Fa+b', '/a+b'],
    ['empty', 'rd=', ''],
    ['none', 'x=1', undefined],
    ['the end of another name', 'xrd=/a', undefined],
    ['broken encoding', 'rd=%2Fa%zz', undefined],
    ['broken UTF-8', 'rd=%2Fa%ff', undefined],
  ])('%s', (_, query, expected) => {
    expect(readRd(query)).toBe(expected);
  });
});

describe('rd leads home', () => {
  test.each([
    [single, 'https://app.example.com/a/b?c=1&d=%20#e', 'https://app.example.com/a/b?c=1&d=%20#e'],
    [single, 'HTTPS://APP.EXAMPLE.COM/A', 'https://app.example.com/A'],
    [single, 'https://app.example.com:443/a', 'https://app.example.com/a'],
    [single, 'https://app.example.com', home],
    [single, 'https://app.example.com?a=1', 'https://app.example.com/?a=1'],
    [single, '/', home],
    [single, '/a?b=//evil&c=https://evil', 'https://app.example.com/a?b=//evil&c=https://evil'],
    [single, '/a%2f%2fevil', 'https://app.example.com/a%2f%2fevil'],
    [single, '/a..%2fb', 'https://app.example.com/a..%2fb'],
    [single, '/%2f%2fevil', 'https://app.example.com/%2f%2fevil'],
    [single, '/%5cevil', 'https://app.example.com/%5cevil'],
    [single, '/ü/山?ö', 'https://app.example.com/%C3%BC/%E5%B1%B1?%C3%B6'],
    [single, '/@evil', 'https://app.example.com/@evil'],
    [single, 'https://app.example.com/@evil', 'https://app.example.com/@evil'],
    [single, 'https://app.example.com//evil', 'https://app.example.com//evil'],
    [port, 'https://app.example.com:8443/a', 'https://app.example.com:8443/a'],
    [port, '/a', 'https://app.example.com:8443/a'],
    [domain, 'https://one.example.com/a?b', 'https://one.example.com/a?b'],
    [domain, 'https://a.b.example.com/', 'https://a.b.example.com/'],
    [domain, 'https://example.com/', 'https://example.com/'],
    [domain, 'https://one.example.com:8443/', 'https://one.example.com:8443/'],
    [domain, '/a', 'https://auth.example.com/a'],
  ])('%o %s', (application, rd, expected) => {
    expect(returnUrl(rd, application)).toBe(expected);
  });
});

describe('rd leads nowhere else', () => {
  // Attack: open redirect. A link to the login ends at the attacker's site, where the user trusts what is shown.
  const attacks = [
    '//evil',
    '//evil.example.com/%2f..',
    '///evil',
    '////evil',
    '/\\evil',
    '\\/evil',
    '\\\\evil',
    '/\t/evil',
    '/\n/evil',
    '\t//evil',
    ' //evil',
    'https://app@evil',
    'https://app.example.com@evil/',
    'https://app.example.com:x@evil/',
    'https://user@app.example.com/',
    'https://user:password@app.example.com/',
    'https://app.example.com\\@evil/',
    'https://evil\\.app.example.com/',
    'https:\\\\app.example.com\\',
    'https:/evil',
    'https:evil',
    'https:///evil',
    'https:app.example.com',
    'http:/\\evil',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'javascript://app.example.com/%0aalert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://app.example.com/',
    'wss://app.example.com/',
    'blob:https://app.example.com/x',
    'http://app.example.com/',
    'https://app.example.com:8443/',
    'https://app.example.com:0/',
    'https://app.example.com:99999/',
    'https://evil.com/',
    'https://evilapp.example.com/',
    'https://app.example.com.evil/',
    'https://app.example.comevil/',
    'https://app.example.com%2eevil/',
    'https://app.example.com%2f.evil/',
    'https://app.example.com%00.evil/',
    'https://app.example.com。evil.com/',
    'https://app.example.com⁄.evil.com/',
    'https://[::1]/',
    'https://[app.example.com]/',
    'https://2130706433/',
    'https:// app.example.com/',
    'https://app.example.com /',
    'https://app.exa\tmple.com/',
    'https://app.example.com/\r\nset-cookie:x',
    'https://app.example.com/\u0000',
    'app.example.com',
    'evil',
    '?a',
    '#a',
    './a',
    '../a',
    '',
    '@evil',
    ':@evil',
    'https://',
    'https://?app.example.com',
    'https://#app.example.com',
    '%2f%2fevil',
    '%68ttps://evil',
  ];
  test.each(attacks)('%j', (rd) => {
    expect(returnUrl(rd, single)).toBe(home);
    expect(new URL(returnUrl(rd, domain)).hostname).toMatch(/^(?:[\w-]+\.)*example\.com$/);
    expect(returnUrl(rd, domain)).toMatch(/^https:\/\/[\w.-]+(?::\d+)?\//);
  });

  test.each([
    'https://evilexample.com/',
    'https://example.com.evil/',
    'https://one.example.com@evil/',
    'https://one.example.org/',
    'https://example.co/',
    'https://.example.com.evil/',
  ])('under a domain: %s', (rd) => {
    expect(returnUrl(rd, domain)).toBe('https://auth.example.com/');
  });

  test('the scheme is that of external_host, whatever the proxy has seen', () => {
    expect(returnUrl('http://app.example.com/a?b=1', single)).toBe('https://app.example.com/a?b=1');
    expect(returnUrl('http://app.example.com:80/a', single)).toBe('https://app.example.com/a');
    expect(returnUrl('http://app.example.com:443/a', single)).toBe('https://app.example.com/a');
    expect(returnUrl('https://app.example.com/a', plain)).toBe('http://app.example.com/a');
    expect(returnUrl('http://app.example.com:8443/a', port)).toBe('https://app.example.com:8443/a');
    expect(returnUrl('http://one.example.com/a', domain)).toBe('https://one.example.com/a');
    // Attack: a port of the same host is another site.
    expect(returnUrl('http://app.example.com:8080/a', single)).toBe(home);
    expect(returnUrl('http://app.example.com/a', port)).toBe('https://app.example.com:8443/');
    expect(returnUrl('wss://app.example.com/a', single)).toBe(home);
    expect(returnUrl('http://evil.example/a', single)).toBe(home);
  });

  // Attack: ports that are none, or that another program reads as another number.
  test.each([':', ':0', ':00443', ':+443', ':443:443', ':65536', ':8443.', ':٤٤٣'])('a port %s is none', (odd) => {
    expect(returnUrl(`https://app.example.com${odd}/a`, single)).toBe(home);
    expect(returnUrl(`https://one.example.com${odd}/a`, domain)).toBe('https://auth.example.com/');
  });

  test('the same holds for a site on http, and for no rd at all', () => {
    expect(returnUrl('https://app.example.com/', plain)).toBe('http://app.example.com/');
    expect(returnUrl(undefined, single)).toBe(home);
  });

  test('after a query was decoded once, it is not decoded again', () => {
    expect(returnUrl(readRd(`rd=${e(e('//evil'))}`), single)).toBe(home);
    expect(returnUrl(readRd('rd=%2F%2Fevil'), single)).toBe(home);
    expect(returnUrl(readRd('rd=%2F%09%2Fevil'), single)).toBe(home);
    expect(returnUrl(readRd('rd=%2F%5Cevil'), single)).toBe(home);
  });
});

describe('the endpoints of Gatepost', () => {
  const start = 'https://app.example.com/outpost.goauthentik.io/start';
  test.each([
    [
      'start is unwrapped',
      `${start}?rd=${e('https://app.example.com/a?b=1&c=2')}`,
      'https://app.example.com/a?b=1&c=2',
    ],
    ['start with an rd that is not encoded', `${start}?rd=/a?b=1&c=2`, 'https://app.example.com/a?b=1&c=2'],
    ['start in start', `${start}?rd=${e(`${start}?rd=${e('/deep')}`)}`, 'https://app.example.com/deep'],
    ['start that leads away', `${start}?rd=${e('https://evil/')}`, home],
    ['start without rd', start, home],
    ['callback', 'https://app.example.com/outpost.goauthentik.io/callback?code=x&state=y', home],
    ['sign_out', '/outpost.goauthentik.io/sign_out', home],
    ["the visitor's page", '/outpost.goauthentik.io/session', 'https://app.example.com/outpost.goauthentik.io/session'],
    [
      "the visitor's page, which presses no button",
      '/outpost.goauthentik.io/session?end=others&X-authentik-logout=true',
      'https://app.example.com/outpost.goauthentik.io/session',
    ],
    ['a spelling of it', '/%6futpost.goauthentik.io/session', home],
    ['below it', '/outpost.goauthentik.io/session/x', home],
    ['by dot segments', '/a/../outpost.goauthentik.io/sign_out', home],
    ['any other endpoint', '/outpost.goauthentik.io/auth/nginx', home],
    ['the folder itself', '/outpost.goauthentik.io', home],
    ['the mark of the callback', '/a?x=1&X-authentik-auth-callback=true', home],
    ['the mark of the logout, in another letter case, encoded', '/a?x-Authentik%2Dlogout=True', home],
    ['only its beginning', '/outpost.goauthentik.iox/a', 'https://app.example.com/outpost.goauthentik.iox/a'],
  ])('%s', (_, rd, expected) => {
    expect(returnUrl(rd, single)).toBe(expected);
  });

  test('endless nesting ends', () => {
    let rd = '/a';
    for (let depth = 0; depth < 12; depth += 1) rd = `${start}?rd=${e(rd)}`;
    expect(returnUrl(rd, single)).toBe(home);
  });
});

test('a URL that is too long to travel loses its query, then everything', () => {
  const origin = single.external_host.length;
  expect(returnUrl(`/a?${'x'.repeat(8192 - 3)}`, single)).toHaveLength(origin + 8192);
  expect(returnUrl(`/a?${'x'.repeat(8192 - 2)}`, single)).toBe('https://app.example.com/a');
  expect(returnUrl(`/${'x'.repeat(8192 - 1)}?y`, single)).toBe(`https://app.example.com/${'x'.repeat(8192 - 1)}`);
  expect(returnUrl(`/${'x'.repeat(8192)}`, single)).toBe(home);
});

// Attack: a link to the login that ends in a sign-out, spelled so that only the proxy on the way knows the endpoint.
test.each([
  '//outpost.goauthentik.io/sign_out',
  '/x//outpost.goauthentik.io/sign_out',
  '/%6futpost.goauthentik.io/sign_out',
  '/%256futpost.goauthentik.io/sign_out',
  '/outpost.goauthentik.io%2fsign_out',
  '/outpost.goauthentik.io;a=b/sign_out',
  '/;/outpost.goauthentik.io/sign_out',
  '/x%5c..%5coutpost.goauthentik.io%5csign_out',
  '/Outpost.GoAuthentik.io/sign_out',
])('%s is an endpoint in another spelling', (path) => {
  expect(returnUrl(`https://app.example.com${path}`, single)).toBe(home);
});

test.each([
  '/outpost.goauthentik.io.html',
  '/my-outpost.goauthentik.io/x',
  '/x?next=/outpost.goauthentik.io/sign_out',
])('%s is a page', (path) => {
  expect(returnUrl(path, single)).toBe(`https://app.example.com${path}`);
});

// Attack: a host that only the decoding makes, behind one that is the application's own.
test.each([
  'rd=https://app.example.com%2F@evil.com',
  'rd=https://app.example.com%2F%2Fevil.com',
  'rd=https://app.example.com%2f%5Cevil.com',
  'rd=https://app.example.com%40evil.com%2F',
  'rd=https://app.example.com%5C%2Fevil.com',
  'rd=https://evil.com%2F@app.example.com',
  'rd=https://user@app.example.com%2Fx',
  'rd=https:%2F%2Fevil.com',
  'rd=https:/%2Fevil.com',
  'rd=//evil.com%2Fx',
])('%s stays at the application', (query) => {
  expect(returnUrl(readRd(query), single)).toMatch(/^https:\/\/app\.example\.com\//);
});
