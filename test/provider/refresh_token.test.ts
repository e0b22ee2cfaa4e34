import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { Identity } from '../../src/identity.ts';
import type { RejectionReason } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { attempt, clients, connect, identityOf, login, OUTAGES, refreshBy, rejectionOf } from './fixture.ts';

let provider: TestProvider;
const scopes = ['openid', 'profile', 'email', 'offline_access'];

beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());
afterEach(() => {
  for (const name of ['token', 'userinfo'] as const) {
    provider.fail(name, undefined);
    provider.stand(name, undefined);
  }
});

test('without the scope there is no refresh token', async () => {
  expect((await login(connect(provider).ours)).refreshToken).toBeUndefined();
});

test('brings new tokens, a new refresh token, and the claims of now', async () => {
  const { ours } = connect(provider, { scopes, client_id: 'with-sid' });
  const before = await login(ours, 'bob');
  const bob = provider.users.find((user) => user.username === 'bob')!;
  bob.claims.groups = ['promoted'];
  const after = await identityOf(refreshBy(ours, before.refreshToken!, before));
  expect(after).toMatchObject({ sub: before.sub, sid: before.sid, user: { groups: ['promoted'] } });
  expect(after.refreshToken).not.toBe(before.refreshToken);
  expect(after.expiresAt).toBeGreaterThanOrEqual(before.expiresAt);
});

test('a refresh token that was used before is rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  await identityOf(refreshBy(ours, before.refreshToken!, before));
  await rejectionOf(refreshBy(ours, before.refreshToken!, before), 'invalid_grant');
});

test('tokens for another user are rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  await rejectionOf(refreshBy(ours, before.refreshToken!, { ...before, sub: 'u-bob' }), 'wrong_user');
});

test('an ID token that another key has signed is rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: provider.issuer, aud: 'grafana', sub: 'u-alice', iat, exp: iat + 60 };
  const id_token = await provider.sign(claims, { foreign: true });
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
  await rejectionOf(refreshBy(ours, 'any', before), 'invalid_token');
});

/** A refresh with an ID token that is right but for the changes. */
async function refreshWith(before: Identity, changes: object, more: object = {}) {
  const iat = Math.floor(Date.now() / 1000);
  const { sub, user } = before;
  const claims = { iss: provider.issuer, aud: 'grafana', sub, iat, exp: iat + 60, preferred_username: user.username };
  const id_token = await provider.sign({ ...claims, ...changes });
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token, ...more } }));
  return refreshBy(connect(provider, { scopes }).ours, 'any', before);
}

test.each<[string, RejectionReason, object]>([
  ['another issuer', 'wrong_issuer', { iss: 'https://evil.example.com' }],
  ['another audience', 'wrong_audience', { aud: 'other-client' }],
  ['azp of another client', 'wrong_audience', { azp: 'other-client' }],
  ['the nonce of another login', 'invalid_response', { nonce: 'another' }],
  ['at_hash of another access token', 'invalid_response', { at_hash: 'x' }],
  ['from the future', 'wrong_time', { iat: 4_000_000_000, exp: 4_000_000_060 }],
  ['a refresh token', 'wrong_type', { typ: 'Refresh' }],
])('Attack: a new ID token is rejected: %s', async (_, reason, changes) => {
  const before = await login(connect(provider, { scopes }).ours);
  await rejectionOf(refreshWith(before, changes), reason);
  expect((await identityOf(refreshWith(before, { nonce: attempt.nonce }))).sub).toBe('u-alice');
});

test('a response without an ID token and without a refresh token keeps the old ones, and the user name', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', expires_in: 100 } }));
  provider.stand('userinfo', () => ({ body: { sub: 'u-alice', entitlements: ['new'] } }));
  const earliest = Date.now() + 100_000;
  const after = await identityOf(refreshBy(ours, 'kept', before));
  const latest = Date.now() + 100_000;
  expect(after).toMatchObject({
    refreshToken: undefined,
    idToken: before.idToken,
    jwt: before.jwt,
    user: { username: 'alice', entitlements: ['new'] },
  });
  // Whole seconds.
  expect(after.expiresAt).toBeGreaterThan(earliest - 1000);
  expect(after.expiresAt).toBeLessThanOrEqual(latest);
});

// Attack: somebody who lost a group stays in it until the session ends, as the login's claims fill what a refresh leaves out.
test('groups that a refresh no longer names are gone, and do not come back when userinfo fails', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  expect(before.user.groups).toContain('admins');
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', expires_in: 100 } }));
  provider.stand('userinfo', () => ({ body: { sub: 'u-alice', name: 'Alice' } }));
  const after = await identityOf(refreshBy(ours, 'any', before));
  const gone = { username: 'alice', name: 'Alice', groups: [], entitlements: [], email: '', attributes: {} };
  expect(after.user).toMatchObject(gone);
  for (const answer of [
    { status: 401, body: {} },
    { status: 500, body: {} },
    { body: { sub: 'u-bob', groups: ['x'] } },
  ]) {
    provider.stand('userinfo', () => answer);
    expect((await identityOf(refreshBy(ours, 'any', after))).user).toEqual(after.user);
  }
});

test('an ID token without groups ends them, though userinfo fails', async () => {
  const before = await login(connect(provider, { scopes }).ours);
  provider.fail('userinfo', 'error');
  expect((await identityOf(refreshWith(before, {}))).user).toMatchObject({ username: 'alice', groups: [] });
});

test.each(OUTAGES)('the provider fails (%s): an outage, not a rejection', async (failure) => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  provider.fail('token', failure);
  await expect(refreshBy(ours, before.refreshToken!, before)).rejects.toThrow(ProviderUnavailable);
  provider.fail('token', undefined);
  expect((await identityOf(refreshBy(ours, before.refreshToken!, before))).sub).toBe('u-alice');
});

test('userinfo fails: the new tokens count, and what userinfo alone had told stays', async () => {
  const { ours, logged } = connect(provider, { scopes });
  provider.stand('userinfo', () => ({ body: { sub: 'u-bob', entitlements: ['read'] } }));
  const before = await login(ours, 'bob');
  provider.fail('userinfo', 'error');
  const after = await identityOf(refreshBy(ours, before.refreshToken!, before));
  expect(after.refreshToken).not.toBe(before.refreshToken);
  expect(after.user).toEqual(before.user);
  expect(after.user.entitlements).toEqual(['read']);
  expect(logged.at(-1)).toMatchObject({ level: 'warn', event: 'provider.userinfo_ignored' });
});

test('Attack: forged tokens use up the readings of the keys; sessions still survive a change of keys', async () => {
  const other = await startProvider({ clients });
  const { ours } = connect(other, { scopes });
  const before = await login(ours);
  const sendForged = async () => {
    const claims = { iss: other.issuer, aud: 'grafana', sub: 'u-alice', exp: Math.floor(Date.now() / 1000) + 60 };
    const forged = await other.sign(claims, { foreign: true, kid: 'invented' });
    await rejectionOf(ours.verifyBearer(forged), 'invalid_token');
  };
  for (let i = 0; i < 4; i += 1) await sendForged();
  const read = other.counts.jwks;
  await other.rotateKeys();
  const after = await identityOf(refreshBy(ours, before.refreshToken!, before));
  await other.rotateKeys();
  expect((await identityOf(refreshBy(ours, after.refreshToken!, after))).sub).toBe('u-alice');
  await other.rotateKeys();
  expect((await login(ours)).sub).toBe('u-alice');
  expect(other.counts.jwks).toBe(read + 3);
  await sendForged();
  expect(other.counts.jwks).toBe(read + 3);
  await other.close();
});

test.each([
  ['invalid_grant', 'rejected'],
  ['interaction_required', 'rejected'],
  ['login_required', 'rejected'],
  ['consent_required', 'rejected'],
  ['account_selection_required', 'rejected'],
  ['request_limit_exceeded', 'failed'],
  ['access_denied', 'failed'],
  ['a sentence, not a code', 'failed'],
])('the error %s: %s', async (error, kind) => {
  const { ours } = connect(provider, { scopes });
  for (const status of [400, 403]) {
    provider.stand('token', () => ({ body: { error }, status }));
    expect(await ours.refresh('old')).toMatchObject({ kind });
  }
});

test.each(['temporarily_unavailable', 'slow_down', 'server_error'])('the error %s: an outage', async (error) => {
  const { ours } = connect(provider, { scopes });
  provider.stand('token', () => ({ body: { error }, status: 400 }));
  await expect(ours.refresh('old')).rejects.toThrow(ProviderUnavailable);
});

// Where refresh tokens are rotated, the old one is used up as soon as the provider has responded.
test.each<[string, (before: Identity) => object]>([
  ['a type that nobody knows', () => ({ token_type: 7 })],
  ['a broken ID token', () => ({ id_token: 'a.b.c' })],
  ['no access token', () => ({ access_token: undefined })],
  ['an ID token that is no text', () => ({ id_token: 7 })],
  ['a forged ID token', (before) => ({ id_token: `${before.idToken.slice(0, -8)}AAAAAAAA` })],
  ['an expires_in that is none', () => ({ expires_in: 'soon' })],
])('the new refresh token is there before anything is verified: %s', async (_, changes) => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  const body = { access_token: 'a', token_type: 'Bearer', refresh_token: 'new', expires_in: 60, ...changes(before) };
  provider.stand('token', () => ({ body }));
  const asked = provider.counts.jwks + provider.counts.userinfo;
  expect(await ours.refresh('old')).toMatchObject({ kind: 'refreshed', tokens: { refreshToken: 'new' } });
  expect(provider.counts.jwks + provider.counts.userinfo).toBe(asked);
});

test.each([undefined, null, ''])('a response with the refresh token %j leaves the old one', async (refresh_token) => {
  const { ours } = connect(provider, { scopes });
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', refresh_token } }));
  expect(await ours.refresh('old')).toMatchObject({ kind: 'refreshed', tokens: { refreshToken: undefined } });
});

test.each<[string, object, number]>([
  ['a short ID token and a long access token', { expires_in: 7200 }, 7200],
  ['an expires_in in a text', { expires_in: '7200' }, 7200],
  ['a long ID token and a short access token', { expires_in: 10 }, 60],
  ['no time of the access token', {}, 60],
  ['a time that is none', { expires_in: 0 }, 60],
  ['more than any time', { expires_in: 1e300 }, 3650 * 86_400],
  ['no ID token and no time', { id_token: undefined }, 300],
  ['no ID token and a time that is none', { id_token: undefined, expires_in: 0 }, 300],
])('tokens live until the later end: %s', async (_, more, seconds) => {
  const before = await login(connect(provider, { scopes }).ours);
  const { tokensExpireAt } = await identityOf(refreshWith(before, {}, more));
  expect(Math.abs((tokensExpireAt! - Date.now()) / 1000 - seconds)).toBeLessThan(5);
});
