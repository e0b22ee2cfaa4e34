import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { RejectionReason } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { changeDiscovery, clients, connect, identityOf, OUTAGES, rejectionOf } from './fixture.ts';

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

  // Attack: each spelling of a token would be another one to what remembers that it was signed out.
  test('has one spelling', async () => {
    const token = await provider.sign(right());
    const { ours } = connect(provider);
    await identityOf(ours.verifyBearer(token));
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = alphabet[alphabet.indexOf(token.at(-1)!) ^ 1];
    for (const spelling of [`${token}=`, `${token}==`, `${token.slice(0, -1)}${other}`]) {
      await rejectionOf(ours.verifyBearer(spelling), 'invalid_token');
    }
  });

  // Attack: a token that names it would be answered with 503, and the provider look as if it were down.
  test('of a key that is too short is refused, and keeps out no other one', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: object[] };
    const jwk = short.publicKey.export({ format: 'jwk' });
    const sign = (header: object) => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const input = `${part({ alg: 'RS256', ...header })}.${part(right())}`;
      return `${input}.${signBytes('sha256', Buffer.from(input), short.privateKey).toString('base64url')}`;
    };
    provider.stand('jwks', () => ({ body: { keys: [{ ...jwk, kid: 'short', use: 'sig' }, ...keys] } }));
    const { ours } = connect(provider);
    await rejectionOf(ours.verifyBearer(sign({ kid: 'short' })), 'invalid_token');
    await rejectionOf(ours.verifyBearer(sign({})), 'invalid_token');
    await identityOf(ours.verifyBearer(await provider.sign(right())));
    await identityOf(ours.verifyBearer(await provider.sign(right(), { kid: undefined })));
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
    ['with the typ of a refresh token', 'wrong_type', {}, { typ: 'refresh+jwt' }],
    ['with the typ of a proof of possession', 'wrong_type', {}, { typ: 'dpop+jwt' }],
    ["Keycloak's refresh token", 'wrong_type', { typ: 'Refresh' }, {}],
    ['of a kind that nobody knows', 'wrong_type', { token_use: 'impersonation' }, {}],
    ['from the future', 'wrong_time', { iat: Math.floor(Date.now() / 1000) + 100 }, {}],
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
    await changeDiscovery(provider, { id_token_signing_alg_values_supported: ['RS256'] });
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

  test('what it lacks comes from userinfo, and what it says is not overruled', async () => {
    const body = { sub: 'u-alice', preferred_username: 'alice', groups: ['more'], email: 'alice@example.com' };
    provider.stand('userinfo', () => ({ body }));
    const { ours } = connect(provider);
    const nameless = await provider.sign({ ...right(), preferred_username: undefined });
    const user = { username: 'alice', groups: ['admins'], email: 'alice@example.com' };
    expect((await identityOf(ours.verifyBearer(nameless))).user).toMatchObject(user);
    const named = await provider.sign({ ...right(), groups: undefined });
    expect((await identityOf(ours.verifyBearer(named))).user).toMatchObject({ username: 'alice', groups: ['more'] });
    provider.fail('userinfo', 'error');
    expect((await identityOf(ours.verifyBearer(named))).user).toMatchObject({ username: 'alice', groups: [] });
    await expect(ours.verifyBearer(nameless)).rejects.toThrow(ProviderUnavailable);
  });

  test('Attack: userinfo is about another user, who is an admin: its claims do not count', async () => {
    provider.stand('userinfo', () => ({ body: { sub: 'u-root', preferred_username: 'root', groups: ['admins'] } }));
    const token = await provider.sign({ ...right(), groups: undefined });
    const { ours, logged } = connect(provider);
    expect((await identityOf(ours.verifyBearer(token))).user).toMatchObject({ username: 'alice', groups: [] });
    expect(logged.at(-1)).toMatchObject({ level: 'warn', event: 'provider.userinfo_ignored' });
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

  test('Attack: tokens with invented keys, or forged under a known one: three readings in a row, then one in 20 s', async () => {
    const other = await startProvider({ clients });
    let clock = Date.now();
    const { ours } = connect(other, {}, () => clock);
    const claims = { ...right(), iss: other.issuer, exp: now() + 600 };
    const forge = async (header: object) =>
      rejectionOf(ours.verifyBearer(await other.sign(claims, { foreign: true, ...header })), 'invalid_token');
    for (let i = 0; i < 5; i += 1) await forge({ kid: `unknown-${i}` });
    expect(other.counts.jwks).toBe(4);
    await forge({});
    expect(other.counts.jwks).toBe(4);
    clock += 19_999;
    await forge({ kid: 'unknown' });
    expect(other.counts.jwks).toBe(4);
    clock += 1;
    await Promise.all(Array.from({ length: 10 }, () => forge({})));
    expect(other.counts.jwks).toBe(5);
    other.fail('jwks', 'error');
    clock += 20_000;
    const token = await other.sign(claims, { foreign: true, kid: 'unknown' });
    for (let i = 0; i < 5; i += 1) await expect(ours.verifyBearer(token)).rejects.toThrow(ProviderUnavailable);
    expect(other.counts.jwks).toBe(6);
    expect((await identityOf(ours.verifyBearer(await other.sign(claims)))).sub).toBe('u-alice');
    await other.close();
  });

  test('Attack: invented keys never keep a new key out for more than 20 s', async () => {
    const other = await startProvider({ clients });
    let clock = Date.now();
    const { ours } = connect(other, {}, () => clock);
    const claims = { ...right(), iss: other.issuer, exp: now() + 600 };
    const forge = async (kid: string) =>
      rejectionOf(ours.verifyBearer(await other.sign(claims, { foreign: true, kid })), 'invalid_token');
    for (let i = 0; i < 4; i += 1) await forge(`unknown-${i}`);
    await other.rotateKeys();
    clock += 5_000;
    const token = await other.sign(claims);
    // A memory of refusals must forget this one when the key set can be read again.
    expect(await rejectionOf(ours.verifyBearer(token), 'invalid_token')).toMatchObject({ retryAfterMs: 15_000 });
    clock += 15_000;
    await forge('unknown');
    expect((await identityOf(ours.verifyBearer(token))).sub).toBe('u-alice');
    await other.close();
  });

  test('a new key under the name of the old one is found', async () => {
    const other = await startProvider({ clients });
    const { ours } = connect(other);
    const claims = { ...right(), iss: other.issuer };
    const jwks = async () => (await (await fetch(`${other.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    const { keys: old } = await jwks();
    await identityOf(ours.verifyBearer(await other.sign(claims)));
    await other.rotateKeys();
    const { keys } = await jwks();
    other.stand('jwks', () => ({ body: { keys: keys.map((key) => ({ ...key, kid: old[0]?.kid })) } }));
    const token = await other.sign(claims, { kid: old[0]!.kid });
    expect((await identityOf(ours.verifyBearer(token))).sub).toBe('u-alice');
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

  test('goes to introspection_endpoint where discovery names none', async () => {
    const other = await startProvider({ clients, refresh_tokens: 'always' });
    try {
      await changeDiscovery(other, { introspection_endpoint: undefined });
      other.stand('introspection', () => ({
        body: {
          active: true,
          client_id: 'grafana',
          sub: 'u-alice',
          username: 'alice',
          token_type: 'bearer',
          email: 'a@b.c',
        },
      }));
      const introspection_endpoint = `${other.issuer}/token/introspection`;
      const { ours } = connect(other, { bearer: 'introspect', introspection_endpoint });
      expect(await identityOf(ours.verifyBearer('opaque'))).toMatchObject({ user: { username: 'alice' } });
    } finally {
      await other.close();
    }
  });

  test.each([
    ['introspect', 'warn'],
    ['jwt', 'info'],
  ] as const)('that cannot be introspected is refused, and the log says so once (bearer: %s)', async (bearer, level) => {
    const other = await startProvider({ clients });
    try {
      await changeDiscovery(other, { introspection_endpoint: undefined });
      const { ours, logged } = connect(other, { bearer });
      await rejectionOf(ours.verifyBearer('opaque'), 'invalid_token');
      await rejectionOf(ours.verifyBearer('another'), 'invalid_token');
      const lines = logged.filter(({ event }) => event === 'provider.no_introspection');
      expect(lines).toMatchObject([{ level, message: expect.stringContaining('introspection_endpoint') }]);
    } finally {
      await other.close();
    }
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
    provider.stand('userinfo', () => ({ body: { sub: 'u-alice' } }));
    provider.stand('introspection', () => ({ body: answer }));
    expect((await identityOf(connect(provider).ours.verifyBearer('opaque'))).user.username).toBe('alice');
    provider.stand('introspection', () => ({ body: { ...answer, ...changes } }));
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), reason);
  });

  // Attack: a sign-out ends the tokens from before it, but not one whose `iat` is a text that nobody has read.
  test.each([1_700_000_000, '1700000000'])('was issued at its iat, a number or the text of one: %j', async (iat) => {
    const body = { active: true, token_type: 'Bearer', client_id: 'grafana', sub: 'u-bob', username: 'bob', iat };
    provider.stand('introspection', () => ({ body }));
    const identity = await identityOf(connect(provider).ours.verifyBearer('opaque'));
    expect(identity.issuedAt).toBe(1_700_000_000_000);
  });

  test('of a further audience is accepted; without exp it is good for a minute', async () => {
    const body = { active: true, token_type: 'Bearer', aud: ['api'], sub: 'u-bob', username: 'bob' };
    provider.stand('introspection', () => ({ body }));
    const { ours } = connect(provider, { bearer_audiences: ['api'] });
    const identity = await identityOf(ours.verifyBearer('opaque'));
    expect(identity.expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), 'wrong_audience');
  });

  // Attack: a refresh token, an API secret or a code is active, too, and the response does not say what it is.
  test('of a kind that introspection does not name counts only where userinfo takes it', async () => {
    const { ours } = connect(provider);
    const body = { active: true, client_id: 'grafana', sub: 'u-alice', username: 'alice' };
    provider.stand('introspection', () => ({ body }));
    const userinfo = (answer: { status?: number; body: unknown; type?: string }) =>
      provider.stand('userinfo', () => answer);
    userinfo({ body: { sub: 'u-alice', groups: ['admins'] } });
    const { user } = await identityOf(ours.verifyBearer('opaque'));
    expect(user).toMatchObject({ username: 'alice', groups: ['admins'] });
    userinfo({ status: 401, body: { error: 'invalid_token' } });
    await rejectionOf(ours.verifyBearer('opaque'), 'wrong_type');
    userinfo({ status: 404, body: {} });
    await rejectionOf(ours.verifyBearer('opaque'), 'wrong_type');
    userinfo({ body: { sub: 'u-root', preferred_username: 'root' } });
    await rejectionOf(ours.verifyBearer('opaque'), 'wrong_user');
    provider.fail('userinfo', 'error');
    await expect(ours.verifyBearer('opaque')).rejects.toThrow(ProviderUnavailable);
  });

  test('whose subject userinfo alone names', async () => {
    provider.stand('introspection', () => ({ body: { active: true, token_type: 'Bearer', client_id: 'grafana' } }));
    provider.stand('userinfo', () => ({ body: { sub: 'u-bob', preferred_username: 'bob' } }));
    const identity = await identityOf(connect(provider).ours.verifyBearer('opaque'));
    expect(identity).toMatchObject({ sub: 'u-bob', user: { username: 'bob', uid: 'u-bob' } });
    provider.stand('userinfo', () => ({ status: 403, body: {} }));
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), 'no_user');
    await rejectionOf(connect(provider, { bearer_machines: true }).ours.verifyBearer('opaque'), 'no_user');
  });

  // Attack: openid-client reads a JWT in place of a response without its signature.
  test('with a signed introspection response, which nobody asked for: an outage', async () => {
    const iat = now();
    const token_introspection = {
      active: true,
      token_type: 'Bearer',
      client_id: 'grafana',
      sub: 'u-root',
      username: 'root',
    };
    const claims = { iss: provider.issuer, aud: 'grafana', iat, token_introspection };
    const body = await provider.sign(claims, { foreign: true, typ: 'token-introspection+jwt' });
    provider.stand('introspection', () => ({ body, type: 'application/token-introspection+jwt; charset=utf-8' }));
    await expect(connect(provider).ours.verifyBearer('opaque')).rejects.toThrow(ProviderUnavailable);
  });

  // Attack: a provider that calls every token of its own an access token.
  test('with `bearer: introspect`, a JWT that calls itself a refresh token is rejected all the same', async () => {
    const body = { active: true, token_type: 'Bearer', client_id: 'grafana', sub: 'u-alice', username: 'alice' };
    provider.stand('introspection', () => ({ body }));
    const { ours } = connect(provider, { bearer: 'introspect' });
    await rejectionOf(ours.verifyBearer(await provider.sign({ ...right(), typ: 'Refresh' })), 'wrong_type');
    await rejectionOf(ours.verifyBearer(await provider.sign(right(), { typ: 'refresh+jwt' })), 'wrong_type');
    const [head] = (await provider.sign(right())).split('.');
    expect((await identityOf(ours.verifyBearer(`${head}.nonsense.c2ln`))).sub).toBe('u-alice');
    expect((await identityOf(ours.verifyBearer(await provider.sign(right())))).sub).toBe('u-alice');
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

// Attack: a client of the provider that nobody thought of gets a token for itself, and "any user" lets it in under an empty
// name, which many applications take for their first user.
describe('the token of a machine', () => {
  const machine = { preferred_username: undefined, groups: undefined, azp: 'robot' };
  const tokens: [string, object][] = [
    ['sub is the client (RFC 9068)', { ...machine, sub: 'robot', azp: undefined, client_id: 'robot' }],
    ['Auth0', { ...machine, sub: 'robot@clients', gty: 'client-credentials' }],
    ['Entra', { ...machine, sub: 'b1e7', oid: 'b1e7', idtyp: 'app' }],
    ['FusionAuth', { ...machine, sub: 'b1e7', gty: ['client_credentials'] }],
    ['its name in place of a user name', { ...machine, sub: 'robot', preferred_username: 'robot' }],
  ];

  test.each(tokens)('%s: rejected, and accepted under its client_id where the operator says so', async (_, claims) => {
    provider.stand('userinfo', () => ({ status: 403, body: { error: 'insufficient_scope' } }));
    const token = await provider.sign({ ...right(), ...claims });
    await rejectionOf(connect(provider).ours.verifyBearer(token), 'no_user');
    const { user } = await identityOf(connect(provider, { bearer_machines: true }).ours.verifyBearer(token));
    expect(user).toMatchObject({ username: 'robot', groups: [], email: '' });
  });

  test('a user name that is mapped from sub is no user name', async () => {
    const claims = { preferred_username: ['sub'] };
    const token = await provider.sign({ ...right(), ...machine, sub: 'robot@clients' });
    await rejectionOf(connect(provider, { claims }).ours.verifyBearer(token), 'no_user');
    const { ours } = connect(provider, { claims, bearer_machines: true });
    expect((await identityOf(ours.verifyBearer(token))).user.username).toBe('robot');
  });

  test('by introspection', async () => {
    const body = { active: true, token_type: 'Bearer', aud: 'grafana', client_id: 'robot', sub: 'robot' };
    provider.stand('introspection', () => ({ body }));
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), 'no_user');
    const { ours } = connect(provider, { bearer_machines: true });
    expect((await identityOf(ours.verifyBearer('opaque'))).user.username).toBe('robot');
  });

  test('that userinfo alone tells to be one', async () => {
    provider.stand('introspection', () => ({ body: { active: true, token_type: 'Bearer', client_id: 'grafana' } }));
    provider.stand('userinfo', () => ({ body: { sub: 'grafana', preferred_username: 'grafana' } }));
    await rejectionOf(connect(provider).ours.verifyBearer('opaque'), 'no_user');
    const identity = await identityOf(connect(provider, { bearer_machines: true }).ours.verifyBearer('opaque'));
    expect(identity).toMatchObject({ sub: 'grafana', user: { username: 'grafana' } });
  });

  test("Attack: a person's token that lacks the name does not become its client", async () => {
    provider.stand('userinfo', () => ({ status: 403, body: {} }));
    const { ours } = connect(provider, { bearer_machines: true });
    const claims = { ...right(), preferred_username: undefined };
    await rejectionOf(ours.verifyBearer(await provider.sign(claims)), 'no_user');
    await rejectionOf(ours.verifyBearer(await provider.sign({ ...claims, preferred_username: '' })), 'no_user');
    const two = { ...claims, sub: 'robot', client_id: 'robot', azp: 'grafana' };
    await rejectionOf(ours.verifyBearer(await provider.sign(two)), 'no_user');
    provider.fail('userinfo', 'reset');
    await expect(ours.verifyBearer(await provider.sign(claims))).rejects.toThrow(ProviderUnavailable);
  });

  test("a person's token is the same with and without the setting", async () => {
    const { ours } = connect(provider, { bearer_machines: true });
    const person = await provider.sign({ ...right(), client_id: 'grafana' });
    expect((await identityOf(ours.verifyBearer(person))).user).toMatchObject({ username: 'alice', groups: ['admins'] });
    const service = await provider.sign({ ...right(), sub: 'svc', preferred_username: 'service-account-grafana' });
    expect((await identityOf(ours.verifyBearer(service))).user.username).toBe('service-account-grafana');
  });
});
