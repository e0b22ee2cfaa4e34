import { expect, it } from 'vitest';
import { upstreamAuthorization } from '../../src/responses/upstream_authorization.ts';
import { makeApplication } from '../credentials/fixture.ts';

const application = makeApplication({
  basic_auth_enabled: true,
  basic_auth_user_attribute: 'app_username',
  basic_auth_password_attribute: 'app_password',
});

const send = (attributes: Record<string, unknown>, email = 'alice@example.com', app = application) => {
  const user = { username: 'alice', groups: [], entitlements: [], email, name: '', uid: 'u', attributes };
  const header = upstreamAuthorization(app, user);
  return header?.replace(/^Basic (.+)$/, (_, value) => Buffer.from(value, 'base64').toString('utf8'));
};

it('sends user name and password from the attributes, as UTF-8', () => {
  expect(send({ app_username: 'Łukasz', app_password: 's3cret:päss' })).toBe('Łukasz:s3cret:päss');
});

it('is a header that any server can read', () => {
  const user = { username: '', groups: [], entitlements: [], email: 'a@b.c', name: '', uid: '', attributes: {} };
  expect(upstreamAuthorization(application, user)).toBe('Basic YUBiLmM6');
});

it.each([
  ['no attributes', {}, 'alice@example.com:'],
  ['no password', { app_username: 'al' }, 'al:'],
  ['no user name', { app_password: 'pw' }, 'alice@example.com:pw'],
  ['an empty user name', { app_username: '', app_password: 'pw' }, 'alice@example.com:pw'],
  ['numbers', { app_username: 42, app_password: 0 }, '42:0'],
  ['lists and objects', { app_username: ['al'], app_password: { a: 1 } }, 'alice@example.com:'],
  ['null and booleans', { app_username: null, app_password: true }, 'alice@example.com:'],
])('falls back with %s', (_what, attributes, sent) => {
  expect(send(attributes)).toBe(sent);
});

// Attack: an application that reads the password up to a control character (RFC 7617 section 2 forbids them).
it.each([
  { app_username: 'admin\u0000', app_password: 'pw' },
  { app_username: 'al', app_password: 'pw\n' },
])('sends nothing for %j', (attributes) => {
  expect(send(attributes)).toBeUndefined();
});

it('sends nothing without e-mail and attributes', () => {
  expect(send({}, '')).toBeUndefined();
  expect(send({ app_password: 'pw' }, '')).toBe(':pw');
});

it('sends nothing when it is not enabled', () => {
  expect(send({ app_username: 'al' }, 'a@b.c', { ...application, basic_auth_enabled: false })).toBeUndefined();
});

it('reads no attribute that is inherited', () => {
  const app = { ...application, basic_auth_user_attribute: 'constructor', basic_auth_password_attribute: '__proto__' };
  expect(send({}, 'a@b.c', app)).toBe('a@b.c:');
});

it('never sends a user name with a colon, which the application would cut at another place', () => {
  expect(send({ app_username: 'admin:guess', app_password: 'pw' })).toBeUndefined();
});
