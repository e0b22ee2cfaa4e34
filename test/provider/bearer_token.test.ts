import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { RejectionReason } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { clients, connect, identityOf, OUTAGES, rejectionOf } from './fixture.ts';

let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({ clients, refresh_tokens: 'always' });
});
afterAll(() => provider.close());
afterEach(() => {
  for (const name of ['userinfo', 'introspection', 'jwks'] as const) {
    provider.fail(name, undefined);
    provider.stand(name, undefined);
  }
});

const now = () => Math.floor(Date.now() / 1000);
/** The claims of authentik's access token. */
const right = () => ({
  iss: provider.issuer,
  sub: 'u-alice',
  aud: 'grafana',
  azp: 'grafana',
  iat: now(),
  exp: now() + 60,
  scope: 'openid',
  preferred_username: 'alice',
  groups: ['admins'],
});

async function tokens(client_id: string, secret: string) {
  const form = { grant_type: 'password', username: 'alice', password: 'wonderland', scope: 'openid profile email' };
  const headers = { authorization: `Basic ${btoa(`${client_id}:${secret}`)}` };
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  return (await response.json()) as { access_token: string; id_token: string };
}

describe('a JWT', () => {
  test.each([
    ["authentik's access token", {}, {}],
    ['an access token of RFC 9068', {}, { typ: 'at+jwt' }],
    ['with the long media type', {}, { typ: 'application/AT+JWT' }],
    ['an ID token of this client', { azp: undefined, scope: undefined, nonce: 'n', at_hash: 'x' }, {}],
    ['with several audiences', { aud: ['account', 'grafana'] }, {}],
    ["Keycloak's, which names this client in azp alone", { aud: 'account', typ: 'Bearer' }, { typ: 'JWT' }],
    [
      'with client_id alone (RFC 9068)',
      { aud: 'https://api', azp: undefined, client_id: 'grafana' },
      { typ: 'at+jwt' },
    ],
    ['within the clock skew', { exp: Math.floor(Date.now() / 1000) - 30 }, {}],
  ])('is accepted without any request but the one for keys: %s', async (_, changes, header) => {
    const token = await provider.sign({ ...right(), ...changes }, header);
    const asked = provider.counts.introspection;
    const identity = await identityOf(connect(provider).ours.verifyBearer(token));
    expect(identity).toMatchObject({ sub: 'u-alice', jwt: token, idToken: '', user: { username: 'alice' } });
    expect(identity.user.groups).toEqual(['admins']);
    expect(provider.counts.introspection).toBe(asked);
  });

  test.each<[string, RejectionReason, Record<string, unknown>, Record<string, unknown>]>([
    ['of another client', 'wrong_audience', { aud: 'other-client', azp: 'other-client' }, {}],
    ['without an audience', 'wrong_audience', { aud: undefined, azp: undefined }, {}],
    [
      'an ID token of another client that names this client in azp',
      'wrong_audience',
      { aud: 'other-client', scope: undefined },
      {},
    ],
    ['of another issuer', 'wrong_issuer', { iss: 'https://evil.example.com' }, {}],
    ['with a slash more in iss', 'wrong_issuer', { slash: true }, {}],
    ['expired', 'wrong_time', { exp: Math.floor(Date.now() / 1000) - 61 }, {}],
    ['without exp', 'invalid_token', { exp: undefined }, {}],
    ['not yet valid', 'wrong_time', { nbf: Math.floor(Date.now() / 1000) + 100 }, {}],
    ['without sub', 'invalid_token', { sub: undefined }, {}],
    ['a logout token', 'wrong_type', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, {}],
    ['with the typ of a logout token', 'wrong_type', {}, { typ: 'logout+jwt' }],
    ['with the typ of an introspection response', 'wrong_type', {}, { typ: 'token-introspection+jwt' }],
    ['with an unknown typ', 'wrong_type', {}, { typ: 'secevent+jwt' }],
    ["Keycloak's refresh token", 'wrong_type', { typ: 'Refresh' }, {}],
    ['bound to a key', 'wrong_type', { cnf: { jkt: 'x' } }, {}],
    ['signed by another key', 'invalid_token', {}, { foreign: true }],
    ['signed by an unknown key', 'invalid_token', {}, { foreign: true, kid: 'unknown' }],
  ])('is rejected: %s (%s)', async (_, reason, changes, header) => {
    const { slash, ...claims } = { slash: false, ...right(), ...changes };
    const token = await provider.sign({ ...claims, ...(slash && { iss: `${provider.issuer}/` }) }, header);
    await rejectionOf(connect(provider).ours.verifyBearer(token), reason);
  });

  test('Attack: a changed byte, no signature, alg none, or the public keys as the secret: rejected', async () => {
    const { ours } = connect(provider);
    const token = await provider.sign(right());
    const [head, body, signature] = token.split('.') as [string, string, string];
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const keys = JSON.stringify(await (await fetch(`${provider.issuer}/jwks`)).json());
    const confused = await new SignJWT(right())
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(keys));
    const bad = [
      `${head}.${part({ ...right(), preferred_username: 'mallory' })}.${signature}`,
      `${part({ alg: 'none' })}.${body}.`,
      `${part({ alg: 'none' })}.${body}.${signature}`,
      `${head}.${body}.`,
      confused,
    ];
    for (const one of bad) await rejectionOf(ours.verifyBearer(one), 'invalid_token');
    expect((await identityOf(ours.verifyBearer(token))).sub).toBe('u-alice');
  });

  test('Attack: signed with the client secret, where the provider signs with keys: rejected', async () => {
    const { id_token_signing_alg_values_supported: _, ...metadata } = (await (
      await fetch(`${provider.issuer}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>;
    provider.stand('discovery', () => ({ body: { ...metadata, id_token_signing_alg_values_supported: ['RS256'] } }));
    const token = await new SignJWT(right())
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('grafana-secret'));
    await rejectionOf(connect(provider).ours.verifyBearer(token), 'invalid_token');
    provider.stand('discovery', undefined);
  });

  test('for a further audience is accepted where the configuration says so', async () => {
    const token = await provider.sign({ ...right(), aud: 'other-client', azp: 'other-client' });
    expect(
      (await identityOf(connect(provider, { bearer_audiences: ['other-client'] }).ours.verifyBearer(token))).sub,
    ).toBe('u-alice');
  });

  test('from a real token endpoint is accepted for this client, and rejected for another one', async () => {
    const { access_token } = await tokens('jwt', 'jwt-secret');
    expect(
      (await identityOf(connect(provider, { client_id: 'jwt' }).ours.verifyBearer(access_token))).user.username,
    ).toBe('alice');
    await rejectionOf(connect(provider).ours.verifyBearer(access_token), 'wrong_audience');
    const { id_token } = await tokens('grafana', 'grafana-secret');
    expect((await identityOf(connect(provider).ours.verifyBearer(id_token))).user.username).toBe('alice');
  });

  test('without a name is completed by userinfo, and accepted when userinfo fails', async () => {
    provider.stand('userinfo', () => ({ body: { sub: 'u-alice', preferred_username: 'alice', groups: ['more'] } }));
    const token = await provider.sign({ ...right(), preferred_username: undefined });
    expect((await identityOf(connect(provider).ours.verifyBearer(token))).user).toMatchObject({
      username: 'alice',
      groups: ['admins'],
    });
    provider.fail('userinfo', 'error');
    expect((await identityOf(connect(provider).ours.verifyBearer(token))).user.username).toBe('');
  });
});

describe('keys', () => {
  test('a new key is found at once, by one reading for all requests that come together', async () => {
    const other = await startProvider({ clients });
    const { ours } = connect(other);
    const claims = { ...right(), iss: other.issuer };
    const old = await other.sign(claims);
    await identityOf(ours.verifyBearer(old));
    await other.rotateKeys();
    const token = await other.sign(claims);
    await Promise.all(Array.from({ length: 30 }, () => identityOf(ours.verifyBearer(token))));
    expect(other.counts.jwks).toBe(2);
    await rejectionOf(ours.verifyBearer(old), 'invalid_token');
    await other.close();
  });

  test('Attack: tokens with invented keys cost one reading a minute', async () => {
    const other = await startProvider({ clients });
    let clock = Date.now();
    const { ours } = connect(other, {}, () => clock);
    const claims = { ...right(), iss: other.issuer, exp: now() + 600 };
    const forge = async (i: number) => {
      const forged = await other.sign(claims, { foreign: true, kid: `unknown-${i}` });
      await rejectionOf(ours.verifyBearer(forged), 'invalid_token');
    };
    for (let i = 0; i < 5; i += 1) await forge(i);
    expect(other.counts.jwks).toBe(2);
    clock += 60_000;
    for (let i = 0; i < 5; i += 1) await forge(i);
    expect(other.counts.jwks).toBe(3);
    other.fail('jwks', 'error');
    clock += 60_000;
    const token = await other.sign(claims, { foreign: true, kid: 'unknown' });
    for (let i = 0; i < 5; i += 1) await expect(ours.verifyBearer(token)).rejects.toThrow(ProviderUnavailable);
    expect(other.counts.jwks).toBe(4);
    expect((await identityOf(ours.verifyBearer(await other.sign(claims)))).sub).toBe('u-alice');
    await other.close();
  });

  test('a key set that cannot be read is an outage, and is requested at most once a second', async () => {
    const other = await startProvider({ clients });
    other.fail('jwks', 'error');
    const clock = Date.now();
    const { ours } = connect(other, {}, () => clock);
    const token = await other.sign({ ...right(), iss: other.issuer });
    for (let i = 0; i < 5; i += 1) await expect(ours.verifyBearer(token)).rejects.toThrow(ProviderUnavailable);
    expect(other.counts.jwks).toBe(1);
    await other.close();
  });

  test('a foreign issuer costs no request at all', async () => {
    const other = await startProvider({ clients });
    const { ours } = connect(other);
    await rejectionOf(ours.verifyBearer(await provider.sign(right())), 'wrong_issuer');
    expect(other.counts.jwks).toBe(0);
    await other.close();
  });
});

describe('an opaque token', () => {
  test('is introspected: accepted for this client, rejected for another client and when it is unknown', async () => {
    const { ours } = connect(provider);
    const mine = await tokens('grafana', 'grafana-secret');
    const identity = await identityOf(ours.verifyBearer(mine.access_token));
    expect(identity).toMatchObject({ sub: 'u-alice', jwt: mine.access_token, user: { username: 'alice' } });
    expect(identity.expiresAt).toBeGreaterThan(Date.now());
    const foreign = await tokens('other-client', 'other-secret');
    await rejectionOf(ours.verifyBearer(foreign.access_token), 'wrong_audience');
    await rejectionOf(ours.verifyBearer('nonsense'), 'inactive_token');
  });

  test.each<[string, RejectionReason, Record<string, unknown>]>([
    ['not active', 'inactive_token', { active: false }],
    ['of another client', 'wrong_audience', { client_id: 'other-client' }],
    ['of no client', 'wrong_audience', { client_id: undefined }],
    ['of another issuer', 'wrong_issuer', { iss: 'https://evil.example.com' }],
    ['expired', 'wrong_time', { exp: 1000 }],
    ['with an exp that is no number', 'invalid_response', { exp: 'tomorrow' }],
    ['with a sub that is no text', 'invalid_token', { sub: { toString: 'u-alice' } }],
    ['a refresh token', 'wrong_type', { token_type: 'refresh_token' }],
    ["Keycloak's refresh token", 'wrong_type', { typ: 'Refresh' }],
    ['bound to a key', 'wrong_type', { cnf: { jkt: 'x' } }],
  ])('is rejected: %s (%s)', async (_, reason, changes) => {
    const answer = { active: true, client_id: 'grafana', sub: 'u-alice', username: 'alice', exp: now() + 60 };
    provider.stand('userinfo', () => ({ status: 401, body: {} }));
    provider.stand('introspection', () => ({ body: answer }));
    expect((await identityOf(connect(provider).ours.verifyBearer('opaque'))).user.username).toBe('alice');
    provider.stand('introspection', () => ({ body: { ...answer, ...changes } }));
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), reason);
  });

  test('of a further audience is accepted; without exp it is good for a minute', async () => {
    provider.stand('introspection', () => ({ body: { active: true, aud: ['api'], sub: 'u-bob', username: 'bob' } }));
    const { ours } = connect(provider, { bearer_audiences: ['api'] });
    const identity = await identityOf(ours.verifyBearer('opaque'));
    expect(identity.expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), 'wrong_audience');
  });

  test('with `bearer: introspect`, a JWT is introspected too', async () => {
    const asked = provider.counts.introspection;
    provider.stand('introspection', () => ({ body: { active: false } }));
    const { ours } = connect(provider, { bearer: 'introspect' });
    await rejectionOf(ours.verifyBearer(await provider.sign(right())), 'inactive_token');
    expect(provider.counts.introspection).toBe(asked + 1);
  });

  test.each(OUTAGES)('the provider fails (%s): an outage, not a rejection', async (failure) => {
    provider.fail('introspection', failure);
    await expect(connect(provider).ours.verifyBearer('opaque')).rejects.toThrow(ProviderUnavailable);
  });

  test('of another syntax, or at a client without a secret, is rejected without a request', async () => {
    const asked = provider.counts.introspection;
    for (const token of ['', 'a b', 'ü', 'a\tb', '==', 'a=b']) {
      await rejectionOf(connect(provider).ours.verifyBearer(token), 'invalid_token');
    }
    await rejectionOf(connect(provider, { client_id: 'public' }).ours.verifyBearer('opaque'), 'invalid_token');
    expect(provider.counts.introspection).toBe(asked);
  });
});
