import { expect, test } from 'vitest';
import { readCookies } from '../../src/http/cookies.ts';
import {
  type CookieApplication,
  clearSessionCookies,
  cookieAttributes,
  loginSameSite,
  sessionCookieName,
  setSessionCookie,
} from '../../src/sessions/session_cookie.ts';

const single = { client_id: 'grafana', external_host: 'https://grafana.example.com', mode: 'forward_single' as const };
const domain = { ...single, mode: 'forward_domain' as const, cookie_domain: 'example.com' };
const ID = 'A'.repeat(43);

test("the name is authentik's", () => {
  // printf grafana | sha256sum
  expect(sessionCookieName(domain)).toBe('authentik_proxy_cace491b');
  expect(sessionCookieName({ ...single, external_host: 'http://localhost' })).toBe('authentik_proxy_cace491b');
  expect(sessionCookieName({ ...domain, external_host: 'http://localhost' })).toBe('authentik_proxy_cace491b');
});

// Attack: a neighbour host plants a cookie for the whole domain; browsers refuse it this prefix (RFC 6265bis 4.1.3.2).
test('over https, a site of its own has the name that only its own host can set', () => {
  expect(sessionCookieName(single)).toBe('__Host-authentik_proxy_cace491b');
  expect(sessionCookieName({ ...single, external_host: 'HTTPS://grafana.example.com' })).toMatch(/^__Host-/);
});

test.each([
  ['a=1', ['1']],
  ['b=2; a=1; c=3', ['1']],
  ['b=2;a=1', ['1']],
  ['a=1; a=2; a=3; a=4; a=5; a=6', ['1', '2', '3', '4']],
  [';\t a=1 ;a=2', ['1', '2']],
  ['b=x a=1', []],
  ['b=x\ta=1; a=2', ['2']],
  ['=a=1', []],
  ['a=x=y', ['x=y']],
  ['a=', ['']],
  ['a=1 ; b=2', ['1']],
  ['xa=1; a=2', ['2']],
  ['b=a=1', []],
  ['aa=1', []],
  ['ab=1; a', []],
  ['A=1', []],
  ['', []],
  [undefined, []],
])('in %j the values of a are %j', (header, values) => {
  expect(readCookies(header, 'a')).toEqual(values);
});

test('a site of its own gets a cookie of its own', () => {
  expect(setSessionCookie(single, ID, 90_500)).toBe(
    `__Host-authentik_proxy_cace491b=${ID}; Max-Age=90; Path=/; HttpOnly; Secure; SameSite=Lax`,
  );
});

test('the sites of a domain share one', () => {
  expect(setSessionCookie(domain, ID, 1000)).toBe(
    `authentik_proxy_cace491b=${ID}; Max-Age=1; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax`,
  );
});

test('only https makes it Secure', () => {
  expect(setSessionCookie({ ...single, external_host: 'http://localhost' }, ID, 1000)).not.toContain('Secure');
});

test('it is cleared with the attributes that it was made with', () => {
  expect(clearSessionCookies(domain)).toEqual([
    'authentik_proxy_cace491b=; Max-Age=0; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax',
  ]);
});

test('where the name has a prefix, a cookie without it is cleared too', () => {
  expect(clearSessionCookies(single)).toEqual([
    '__Host-authentik_proxy_cace491b=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    'authentik_proxy_cace491b=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
  ]);
});

test('it stays under 200 bytes where the domain is as long as domains are', () => {
  const long = { ...domain, cookie_domain: `${'a'.repeat(40)}.example.com` };
  expect(setSessionCookie(long, ID, 30 * 24 * 3_600_000).length).toBeLessThanOrEqual(200);
});

test('a name of the operator’s own has the same prefix, unless it brings one', () => {
  const named = (name: string, application: CookieApplication = single) =>
    sessionCookieName({ ...application, cookie: { name } });
  expect(named('g')).toBe('__Host-g');
  expect(named('g', domain)).toBe('g');
  expect(named('g', { ...single, external_host: 'http://localhost' })).toBe('g');
  expect(named('__Host-g')).toBe('__Host-g');
  expect(named('__Secure-g')).toBe('__Secure-g');
  expect(named('__Secure-g', domain)).toBe('__Secure-g');
  // Without the prefix it may be a cookie of the application.
  expect(clearSessionCookies({ ...single, cookie: { name: 'g' } })).toEqual([
    '__Host-g=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
  ]);
});

test.each([
  [{ same_site: 'strict' }, 'SameSite=Strict', 'SameSite=Lax'],
  [{ same_site: 'none' }, 'SameSite=None', 'SameSite=None'],
  [{ same_site: 'none', partitioned: true }, 'SameSite=None; Partitioned', 'SameSite=None; Partitioned'],
] as const)('with %j the session has %s, and a login %s', (cookie, ofSession, ofLogin) => {
  const application = { ...single, cookie };
  const end = (attributes: string) => `; HttpOnly; Secure; ${attributes}`;
  expect(setSessionCookie(application, ID, 1000)).toMatch(new RegExp(`${end(ofSession)}$`));
  // A browser forgets a cookie of the same partition alone.
  expect(clearSessionCookies(application)[0]).toMatch(new RegExp(`${end(ofSession)}$`));
  const login = cookieAttributes(application, { path: '/x', sameSite: loginSameSite(application) });
  expect(login).toBe(`; Path=/x${end(ofLogin)}`);
});
