import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { clients, connect, identityOf, login, OUTAGES, rejectionOf } from './fixture.ts';

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
  const after = await identityOf(ours.refresh(before.refreshToken!, before));
  expect(after).toMatchObject({ sub: before.sub, sid: before.sid, user: { groups: ['promoted'] } });
  expect(after.refreshToken).not.toBe(before.refreshToken);
  expect(after.expiresAt).toBeGreaterThanOrEqual(before.expiresAt);
});

test('a refresh token that was used before is rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  await identityOf(ours.refresh(before.refreshToken!, before));
  await rejectionOf(ours.refresh(before.refreshToken!, before), 'invalid_grant');
});

test('tokens for another user are rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  await rejectionOf(ours.refresh(before.refreshToken!, { ...before, sub: 'u-bob' }), 'wrong_user');
});

test('an ID token that another key has signed is rejected', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: provider.issuer, aud: 'grafana', sub: 'u-alice', iat, exp: iat + 60 };
  const id_token = await provider.sign(claims, { foreign: true });
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
  await rejectionOf(ours.refresh('any', before), 'invalid_token');
});

test('a response without an ID token and without a refresh token keeps the old ones', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', expires_in: 100 } }));
  provider.stand('userinfo', () => ({ body: { sub: 'u-alice', entitlements: ['new'] } }));
  const earliest = Date.now() + 100_000;
  const after = await identityOf(ours.refresh('kept', before));
  const latest = Date.now() + 100_000;
  expect(after).toMatchObject({
    refreshToken: 'kept',
    idToken: before.idToken,
    jwt: before.jwt,
    user: { username: 'alice', entitlements: ['new'] },
  });
  // Whole seconds.
  expect(after.expiresAt).toBeGreaterThan(earliest - 1000);
  expect(after.expiresAt).toBeLessThanOrEqual(latest);
});

test.each(OUTAGES)('the provider fails (%s): an outage, not a rejection', async (failure) => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours);
  provider.fail('token', failure);
  await expect(ours.refresh(before.refreshToken!, before)).rejects.toThrow(ProviderUnavailable);
  provider.fail('token', undefined);
  expect((await identityOf(ours.refresh(before.refreshToken!, before))).sub).toBe('u-alice');
});

test('userinfo fails: an outage, not a rejection', async () => {
  const { ours } = connect(provider, { scopes });
  const before = await login(ours, 'bob');
  provider.fail('userinfo', 'error');
  await expect(ours.refresh(before.refreshToken!, before)).rejects.toThrow(ProviderUnavailable);
});

test('Attack: a forged token uses up the reading of the keys in that minute; sessions still survive a change of keys', async () => {
  const other = await startProvider({ clients });
  const { ours } = connect(other, { scopes });
  const before = await login(ours);
  const sendForged = async () => {
    const claims = { iss: other.issuer, aud: 'grafana', sub: 'u-alice', exp: Math.floor(Date.now() / 1000) + 60 };
    const forged = await other.sign(claims, { foreign: true, kid: 'invented' });
    await rejectionOf(ours.verifyBearer(forged), 'invalid_token');
  };
  await sendForged();
  const read = other.counts.jwks;
  await other.rotateKeys();
  const after = await identityOf(ours.refresh(before.refreshToken!, before));
  await other.rotateKeys();
  expect((await identityOf(ours.refresh(after.refreshToken!, after))).sub).toBe('u-alice');
  await other.rotateKeys();
  expect((await login(ours)).sub).toBe('u-alice');
  expect(other.counts.jwks).toBe(read + 3);
  await sendForged();
  expect(other.counts.jwks).toBe(read + 3);
  await other.close();
});
