import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { describeError } from '../../src/observe/log.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { changeDiscovery, clients, connect, identityOf, OUTAGES, rejectionOf } from './fixture.ts';

let provider: TestProvider;
let careless: TestProvider;

beforeAll(async () => {
  provider = await startProvider({ clients });
  careless = await startProvider({ clients, ignores_user_names: true });
});
afterAll(async () => {
  await provider.close();
  await careless.close();
});
afterEach(() => {
  provider.fail('token', undefined);
  provider.stand('token', undefined);
  provider.stand('discovery', undefined);
});

/** Discovery with another list of grants; `undefined`: none. */
const listGrants = (grant_types_supported: string[] | undefined) =>
  changeDiscovery(provider, { grant_types_supported });

describe('an app password', () => {
  test('is accepted for its user, in any letter case', async () => {
    const { ours } = connect(provider);
    expect(await identityOf(ours.verifyAppPassword('alice', 'app-alice'))).toMatchObject({
      sub: 'u-alice',
      refreshToken: undefined,
      user: { username: 'alice', groups: ['admins', 'staff'] },
    });
    expect((await identityOf(ours.verifyAppPassword('ALICE', 'app-alice'))).sub).toBe('u-alice');
  });

  test('goes to the provider without the client secret', async () => {
    const forms: URLSearchParams[] = [];
    provider.stand('token', (form) => {
      forms.push(form);
      return undefined;
    });
    await connect(provider, { scopes: ['openid', 'profile', 'offline_access'] }).ours.verifyAppPassword(
      'alice',
      'app-alice',
    );
    expect(Object.fromEntries(forms[0]!)).toMatchObject({
      client_id: 'grafana',
      scope: 'openid profile',
      username: 'alice',
      password: 'app-alice',
    });
    expect(forms[0]!.has('client_secret')).toBe(false);
  });

  test.each([
    ['a wrong one', 'alice', 'wrong'],
    ['the login password', 'alice', 'wonderland'],
    ["another user's", 'bob', 'app-alice'],
    ['an unknown user', 'mallory', 'app-mallory'],
    ['an empty one', 'alice', ''],
    ['an empty user name', '', 'app-alice'],
  ])('is rejected: %s', async (_, username, password) => {
    await rejectionOf(connect(provider).ours.verifyAppPassword(username, password), 'invalid_grant');
  });

  test('is rejected where the provider vouches for its service account under any user name', async () => {
    const { ours } = connect(careless);
    for (const name of ['alice', 'u-service', '', 'undefined']) {
      await rejectionOf(ours.verifyAppPassword(name, 'anything'), 'wrong_user');
    }
    expect((await identityOf(ours.verifyAppPassword('AK-client-credentials', 'anything'))).sub).toBe('u-service');
  });

  test('is rejected when no ID token comes back, or one for another client', async () => {
    const { ours } = connect(provider);
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer' } }));
    await rejectionOf(ours.verifyAppPassword('alice', 'x'), 'invalid_response');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.issuer, sub: 'u', preferred_username: 'alice', iat: now, exp: now + 60 };
    const id_token = await provider.sign({ ...claims, aud: 'other-client' });
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
    await rejectionOf(ours.verifyAppPassword('alice', 'x'), 'wrong_audience');
  });

  test.each(OUTAGES)('is neither accepted nor rejected: %s', async (failure) => {
    provider.fail('token', failure);
    const error = await connect(provider)
      .ours.verifyAppPassword('alice', 'app-alice')
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ProviderUnavailable);
  });

  test.each([
    ['invalid_client', 401],
    ['unauthorized_client', 400],
    ['unsupported_grant_type', 400],
  ])('the provider has no such grant (%s): no user is blamed, and the caller reports it', async (error, status) => {
    const { ours, logged } = connect(provider);
    provider.stand('token', () => ({ status, body: { error } }));
    for (const ask of [ours.verifyAppPassword, ours.verifyPassword]) {
      const { cause } = await rejectionOf(ask('alice', 'app-alice'), 'grant_not_offered');
      expect(describeError(cause)).toContain(error);
    }
    expect(logged.map(({ event }) => event)).not.toContain('provider.client_rejected');
    expect(JSON.stringify(logged)).not.toContain('app-alice');
  });

  test('is not sent where discovery lists the grants without this one', async () => {
    await listGrants(['authorization_code', 'refresh_token']);
    const before = provider.counts.token;
    await rejectionOf(connect(provider).ours.verifyAppPassword('alice', 'app-alice'), 'grant_not_offered');
    expect(provider.counts.token).toBe(before);
    await listGrants(['authorization_code', 'client_credentials']);
    expect((await identityOf(connect(provider).ours.verifyAppPassword('alice', 'app-alice'))).sub).toBe('u-alice');
  });
});

test.each([
  [400, 'invalid_grant'],
  [400, 'unauthorized_client'],
  [429, 'slow_down'],
])('Attack: a provider that quotes the password does not bring it into the log: %i %s', async (status, error) => {
  const { ours, logged } = connect(provider);
  provider.stand('token', (body) => ({
    status,
    body: { error, error_description: `${body.get('password')} is wrong` },
  }));
  for (const ask of [ours.verifyAppPassword, ours.verifyPassword]) {
    const result = await ask('alice', 'app-alice').catch((one: unknown) => one);
    const said = describeError(result instanceof Error ? result : (result as { cause?: unknown }).cause);
    expect(said).toContain(error);
    expect(said).not.toContain('app-alice');
  }
  for (const event of logged) expect(describeError(event.error)).not.toContain('app-alice');
});

describe('the password grant', () => {
  test('is sent as this client', async () => {
    const { ours } = connect(provider);
    expect((await identityOf(ours.verifyPassword('bob', 'builder'))).user.username).toBe('bob');
    await rejectionOf(ours.verifyPassword('bob', 'wrong'), 'invalid_grant');
    await rejectionOf(
      connect(provider, { client_secret: 'wrong' }).ours.verifyPassword('bob', 'builder'),
      'grant_not_offered',
    );
  });

  test('is tried where discovery does not list it, as the operator has chosen it', async () => {
    await listGrants(['authorization_code', 'refresh_token']);
    const { ours } = connect(provider);
    expect((await identityOf(ours.verifyPassword('bob', 'builder'))).user.username).toBe('bob');
    await rejectionOf(ours.verifyPassword('bob', 'wrong'), 'invalid_grant');
    provider.stand('token', () => ({ status: 400, body: { error: 'invalid_request' } }));
    await rejectionOf(ours.verifyPassword('bob', 'builder'), 'grant_not_offered');
    await listGrants(undefined);
    await rejectionOf(connect(provider).ours.verifyPassword('bob', 'builder'), 'error_response');
  });

  test('is rejected for another user than the one that was named', async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: provider.issuer,
      aud: 'grafana',
      sub: 'u',
      preferred_username: 'bob',
      email: 'bob@example.com',
      iat: now,
      exp: now + 60,
    };
    const id_token = await provider.sign(claims);
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', id_token } }));
    const { ours } = connect(provider);
    await rejectionOf(ours.verifyPassword('alice', 'x'), 'wrong_user');
    expect((await identityOf(ours.verifyPassword('Bob', 'x'))).sub).toBe('u');
    expect((await identityOf(ours.verifyPassword('BOB@example.com', 'x'))).sub).toBe('u');
  });
});
