import { expect, test } from 'vitest';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { identityHeaderNames, identityHeaders } from '../../src/responses/identity_headers.ts';
import type { Session } from '../../src/sessions/session.ts';
import { version } from '../../src/version.ts';

type IdentityHeaders = ApplicationConfig['identity_headers'];
const AUTHENTIK: IdentityHeaders = { preset: 'authentik', headers: {} };

function session(attributes: Record<string, unknown> = {}, name = 'Alice'): Session {
  const user = {
    username: 'alice',
    groups: ['a', 'b'],
    entitlements: ['e'],
    email: 'alice@example.com',
    name,
    uid: '7',
    attributes,
  };
  return { user, jwt: 'a.b.c' } as Session;
}

function render(given: Session | undefined, identity_headers = AUTHENTIK) {
  const refused: string[] = [];
  const unusable: unknown[] = [];
  const application = { name: 'Grafana', slug: 'grafana', identity_headers };
  const meta = { outpost: 'gatepost', application, jwksUri: 'https://auth.example.com/jwks' };
  const flat = identityHeaders(meta, given, {
    onRefused: (header) => refused.push(header),
    onUnusable: (...report) => unusable.push(report),
  });
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return { refused, unusable, headers: Object.fromEntries(pairs), pairs };
}

test('all twelve headers are there for a user', () => {
  expect(render(session()).headers).toEqual({
    'X-authentik-username': 'alice',
    'X-authentik-groups': 'a|b',
    'X-authentik-entitlements': 'e',
    'X-authentik-email': 'alice@example.com',
    'X-authentik-name': 'Alice',
    'X-authentik-uid': '7',
    'X-authentik-jwt': 'a.b.c',
    'X-authentik-meta-jwks': 'https://auth.example.com/jwks',
    'X-authentik-meta-outpost': 'gatepost',
    'X-authentik-meta-provider': 'Grafana',
    'X-authentik-meta-app': 'grafana',
    'X-authentik-meta-version': `gatepost/${version}`,
  });
});

test('without a session all twelve are there, the identity empty', () => {
  const { pairs } = render(undefined);
  expect(pairs).toHaveLength(12);
  expect(pairs.slice(0, 7).map(([, value]) => value)).toEqual(Array(7).fill(''));
});

test('a name beyond latin1 goes out as UTF-8 bytes', () => {
  const value = render(session({}, 'Łukasz 山田 Ünïcode')).headers['X-authentik-name'] as string;
  expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('Łukasz 山田 Ünïcode');
});

// Attack: a group of one's own with a name that reads like two.
test('a group or entitlement with a |, a control character or white space at an end is not sent', () => {
  const eve = session();
  Object.assign(eve.user, { groups: ['users', 'x|admins', '|', 'admins ', 'ad\0mins'], entitlements: ['read|write'] });
  expect(render(eve).headers).toMatchObject({ 'X-authentik-groups': 'users', 'X-authentik-entitlements': '' });
});

// Attack: a line break in a claim begins a header of the user's choice.
test('control characters in a claim become spaces', () => {
  expect(render(session({}, 'a\r\nX-authentik-groups: admins\0\x7f')).headers['X-authentik-name']).toBe(
    'a  X-authentik-groups: admins  ',
  );
  expect(render(session({}, 'a\u0085\u009b\u2028b')).headers['X-authentik-name']).toBe('a   b');
});

test('additional headers are added as text', () => {
  const { headers, refused } = render(
    session({ additionalHeaders: { 'X-Tenant': 'über', 'X-Count': 3, 'X-Flag': true } }),
  );
  expect(headers).toMatchObject({
    'X-Count': '3',
    'X-Flag': 'true',
    'X-Tenant': Buffer.from('über').toString('latin1'),
  });
  expect(refused).toEqual([]);
});

test.each([
  'X-authentik-username',
  'x-AUTHENTIK-anything',
  'X_authentik_groups',
  'X.authentik.groups',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Upgrade',
  'TE',
  'Trailer',
  'Keep-Alive',
  'Proxy-Authorization',
  'Set-Cookie',
  'Cache-Control',
  'X-Gatepost-Reason',
  'Cookie',
  'Host',
  'Location',
  'Content-Type',
  'Content-Encoding',
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Anything',
  'x_forwarded_host',
  'X.Forwarded.Proto',
  'X-Original-URL',
  'X_Original_URI',
  'X-Real-IP',
  'X_Real_IP',
  'Set_Cookie',
  'Proxy',
  'Expect',
  'HTTP2-Settings',
  'X-Envoy-Auth-Headers-To-Remove',
  'X-Accel-Redirect',
  'no token',
  'a:b',
  'a\r\nb',
  '',
])('the additional header %j is refused', (name) => {
  const { pairs, refused } = render(session({ additionalHeaders: { [name]: 'x' } }));
  expect(refused).toEqual([name]);
  expect(pairs).toHaveLength(12);
});

// Attack: a tenant `acme ` or `acme\n` beside `acme`.
test.each([
  [['x']],
  [{ a: 1 }],
  [null],
  ['a\r\nb'],
  ['acme '],
  ['acme\u0000'],
  ['\u009bx'],
])('an additional header whose value is %j is refused', (value) => {
  expect(render(session({ additionalHeaders: { 'X-A': value } })).refused).toEqual(['X-A']);
});

test.each([['text'], [['X-A']], [null], [7]])('additionalHeaders that are %j add nothing', (additionalHeaders) => {
  expect(render(session({ additionalHeaders })).pairs).toHaveLength(12);
});

const rendersAs = (preset: IdentityHeaders['preset'], headers: Record<string, string> = {}) => ({ preset, headers });

test.each([
  [
    'oauth2-proxy',
    {
      'X-Auth-Request-User': '7',
      'X-Auth-Request-Email': 'alice@example.com',
      'X-Auth-Request-Preferred-Username': 'alice',
      'X-Auth-Request-Groups': 'a,b',
    },
  ],
  [
    'authelia',
    { 'Remote-User': 'alice', 'Remote-Groups': 'a,b', 'Remote-Email': 'alice@example.com', 'Remote-Name': 'Alice' },
  ],
  ['none', {}],
] as const)('with the preset %s the user has its headers alone, and the twelve are those of nobody', (preset, own) => {
  const { pairs } = render(session(), rendersAs(preset));
  expect(pairs.slice(0, 12)).toEqual(render(undefined).pairs);
  expect(Object.fromEntries(pairs.slice(12))).toEqual(own);
});

test('headers of one’s own stand beside those of the preset, or in place of one', () => {
  const own = { 'X-WEBAUTH-USER': 'preferred_username', 'X-WEBAUTH-GROUPS': 'groups', 'X-Id': 'sub' };
  const beside = render(session(), rendersAs('authentik', own)).headers;
  expect(beside).toMatchObject({
    'X-authentik-username': 'alice',
    'X-authentik-groups': 'a|b',
    'X-WEBAUTH-USER': 'alice',
    'X-WEBAUTH-GROUPS': 'a,b',
    'X-Id': '7',
  });
  const replaced = render(session(), rendersAs('authelia', { 'remote-user': 'email' })).headers;
  expect(replaced).toMatchObject({ 'remote-user': 'alice@example.com', 'Remote-Name': 'Alice' });
  expect(replaced).not.toHaveProperty('Remote-User');
});

test('a claim of the session goes into its header, and one that it has not into an empty one', () => {
  const given = session();
  given.user.headerClaims = { 'org.department': 'sales', teams: ['x', 'y'] };
  const map = { 'X-Department': 'org.department', 'X-Teams': 'teams', 'X-None': 'floor', 'X-Odd': 'constructor' };
  expect(render(given, rendersAs('none', map)).headers).toMatchObject({
    'X-Department': 'sales',
    'X-Teams': 'x,y',
    'X-None': '',
    'X-Odd': '',
  });
});

test('each header is there without a session too, and empty', () => {
  const listed = rendersAs('authelia', { 'X-Department': 'department' });
  const { pairs } = render(undefined, listed);
  expect(pairs.map(([name]) => name)).toEqual(identityHeaderNames({ identity_headers: listed }));
  expect(pairs.slice(12).every(([, value]) => value === '')).toBe(true);
  expect(pairs).toHaveLength(17);
});

// Attack: a group, or a claim that users write themselves, that an application reads as somebody else's.
test('a value that would arrive as another one is not sent, and the log is told', () => {
  const given = session({}, 'Al\nice ');
  given.user.groups = ['users', 'x,admins', 'admins '];
  given.user.headerClaims = { nickname: 'root\n', teams: ['a', 'b,c'] };
  const map = { 'X-User': 'nickname', 'X-Teams': 'teams' };
  const { headers, unusable } = render(given, rendersAs('authelia', map));
  expect(headers).toMatchObject({ 'Remote-Groups': 'users', 'X-User': '', 'X-Teams': 'a', 'Remote-Name': 'Al ice ' });
  expect(unusable).toEqual([
    ['Remote-Groups', 'x,admins'],
    ['Remote-Groups', 'admins '],
    ['X-User', undefined],
    ['X-Teams', undefined],
  ]);
});

// Attack: an administrator of one group at the provider writes the header in which the application reads the user.
test.each([
  'Remote-User',
  'remote_user',
  'X.WEBAUTH.USER',
])('the additional header %s is refused where it is an identity header', (name) => {
  const given = session({ additionalHeaders: { [name]: 'root' } });
  const { headers, refused } = render(given, rendersAs('authelia', { 'X-WEBAUTH-USER': 'preferred_username' }));
  expect(refused).toEqual([name]);
  expect(headers).toMatchObject({ 'Remote-User': 'alice', 'X-WEBAUTH-USER': 'alice' });
  expect(render(given).refused).toEqual([]);
});
