import { expect, test } from 'vitest';
import { identityHeaders } from '../../src/responses/identity_headers.ts';
import type { Session } from '../../src/sessions/session.ts';
import { version } from '../../src/version.ts';

const application = { name: 'Grafana', slug: 'grafana' } as Parameters<typeof identityHeaders>[0]['application'];
const meta = { outpost: 'gatepost', application, jwksUri: 'https://auth.example.com/jwks' };

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

function render(given: Session | undefined) {
  const refused: string[] = [];
  const flat = identityHeaders(meta, given, (header) => refused.push(header));
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return { refused, headers: Object.fromEntries(pairs), pairs };
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
