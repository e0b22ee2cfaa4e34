import { createHash } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { describeError } from '../../src/observe/log.ts';
import { ClientRejected, type RejectionReason } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import {
  attempt,
  changeDiscovery,
  clients,
  connect,
  identityOf,
  login,
  OUTAGES,
  redirectUri,
  rejectionOf,
  signInAtProvider,
} from './fixture.ts';

let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());
afterEach(() => {
  for (const name of ['token', 'userinfo', 'jwks', 'discovery'] as const) {
    provider.stand(name, undefined);
    provider.fail(name, undefined);
  }
});

/** OpenID Connect Core section 3.1.3.6: the left half of the hash. */
function atHash(accessToken: string, algorithm: string): string {
  const hash = createHash(algorithm).update(accessToken).digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}

/** A token response with an ID token that is right but for the changes. */
async function standWith(changes: Record<string, unknown>, header: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1000);
  const right = { iss: provider.issuer, sub: 'u-alice', aud: 'grafana', nonce: attempt.nonce, iat: now, exp: now + 60 };
  const id_token = await provider.sign({ ...right, preferred_username: 'alice', ...changes }, header);
  const body = { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token };
  provider.stand('token', () => ({ body }));
}

describe('the authorization URL', () => {
  test('asks for a code with PKCE S256, state, nonce and the configured scopes alone', async () => {
    const url = new URL(await connect(provider).ours.authorizationUrl(attempt));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'grafana',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile email entitlements ak_proxy',
      state: 'a-state',
      nonce: 'a-nonce',
      code_challenge_method: 'S256',
    });
    expect(url.searchParams.get('code_challenge')).not.toBe(attempt.codeVerifier);
  });
});

describe('a code', () => {
  test('becomes an identity with all claims of the provider', async () => {
    const identity = await login(connect(provider).ours);
    expect(identity).toMatchObject({ issuer: provider.issuer, sub: 'u-alice', refreshToken: undefined });
    expect(identity.user).toMatchObject({
      username: 'alice',
      name: 'Łukasz 山田 Ünïcode',
      groups: ['admins', 'staff'],
      entitlements: ['read', 'write'],
      email: 'alice@example.com',
      emailVerified: true,
      uid: 'u-alice',
    });
    expect(identity.user.attributes).toMatchObject({ app_username: 'alice-app' });
    expect(identity.jwt).toBe(identity.idToken);
    expect(identity.expiresAt).toBe(decodeJwt(identity.idToken).exp! * 1000);
  });

  test("brings authentik's access token as the JWT, and ends with it", async () => {
    const identity = await login(connect(provider, { client_id: 'jwt' }).ours);
    expect(identity.jwt).not.toBe(identity.idToken);
    expect(decodeJwt(identity.jwt)).toMatchObject({ azp: 'jwt', preferred_username: 'alice' });
  });

  test.each(['public', 'post-only', 'hmac', 'rfc9068'])('works for the client %s', async (client_id) => {
    expect((await login(connect(provider, { client_id }).ours)).user.username).toBe('alice');
  });

  test('a provider that takes the secret in the form alone gets it there, and later at once', async () => {
    const { ours } = connect(provider, { client_id: 'post-only' });
    let asked = 0;
    provider.stand('token', (form) => {
      asked += 1;
      return form.has('client_secret') ? undefined : { status: 401, body: { error: 'invalid_client' } };
    });
    expect((await login(ours)).user.username).toBe('alice');
    expect(asked).toBe(2);
    await login(ours);
    expect(asked).toBe(3);
  });

  test('carries sid where the provider has it', async () => {
    expect((await login(connect(provider, { client_id: 'with-sid' }).ours)).sid).toBeTypeOf('string');
  });

  test('asks userinfo only for what the ID token lacks', async () => {
    const before = provider.counts.userinfo;
    await login(connect(provider).ours);
    expect(provider.counts.userinfo).toBe(before);
    const bob = await login(connect(provider).ours, 'bob');
    expect(provider.counts.userinfo).toBe(before + 1);
    expect(bob.user.groups).toEqual(['staff']);
  });

  test('Attack: a userinfo response about another user is dropped', async () => {
    provider.stand('userinfo', () => ({ body: { sub: 'u-alice', entitlements: ['everything'] } }));
    expect((await login(connect(provider).ours, 'bob')).user.entitlements).toEqual([]);
  });

  test('is accepted once', async () => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    await identityOf(ours.exchangeCode(callback, attempt));
    await rejectionOf(ours.exchangeCode(callback, attempt), 'invalid_grant');
  });

  test.each<[string, RejectionReason, Record<string, unknown>, Record<string, unknown>]>([
    ['wrong nonce', 'invalid_response', { nonce: 'another' }, {}],
    ['no nonce', 'invalid_response', { nonce: undefined }, {}],
    ['another issuer', 'wrong_issuer', { iss: 'https://evil.example.com' }, {}],
    ['another audience', 'wrong_audience', { aud: 'other-client' }, {}],
    [
      'several audiences, azp of another',
      'wrong_audience',
      { aud: ['grafana', 'other-client'], azp: 'other-client' },
      {},
    ],
    ['azp of another', 'wrong_audience', { azp: 'other-client' }, {}],
    ['an empty azp', 'wrong_audience', { azp: null }, {}],
    ['at_hash of another access token', 'invalid_response', { at_hash: atHash('another', 'sha256') }, {}],
    ['at_hash of another length', 'invalid_response', { at_hash: atHash('opaque', 'sha512') }, {}],
    ['an empty at_hash', 'invalid_response', { at_hash: '' }, {}],
    ['at_hash in a list', 'invalid_response', { at_hash: [atHash('opaque', 'sha256')] }, {}],
    ['from the future', 'wrong_time', { iat: 4_000_000_000, exp: 4_000_000_060 }, {}],
    ['no iat', 'invalid_token', { iat: undefined }, {}],
    ['a refresh token', 'wrong_type', { typ: 'Refresh' }, {}],
    ['expired', 'wrong_time', { exp: 1_000_000 }, {}],
    ['no exp', 'invalid_token', { exp: undefined }, {}],
    ['not yet valid', 'wrong_time', { nbf: 4_000_000_000 }, {}],
    ['no sub', 'invalid_token', { sub: undefined }, {}],
    ['signed by another key', 'invalid_token', {}, { foreign: true }],
    ['signed by an unknown key', 'invalid_token', {}, { foreign: true, kid: 'unknown' }],
    ['a logout token', 'wrong_type', { events: {} }, {}],
    ['a typ of another type of token', 'wrong_type', {}, { typ: 'logout+jwt' }],
  ])('an ID token is rejected: %s (%s)', async (_, reason, changes, header) => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    await standWith(changes, header);
    await rejectionOf(ours.exchangeCode(callback, attempt), reason);
  });

  test.each<[string, Record<string, unknown>]>([
    ['without a fault', {}],
    ['whose azp is this client', { azp: 'grafana' }],
    ['of several audiences, made for this client', { aud: ['grafana', 'other-client'], azp: 'grafana' }],
    ['with the at_hash of its access token', { at_hash: atHash('opaque', 'sha256') }],
    ['half a minute ahead', { iat: Math.floor(Date.now() / 1000) + 30 }],
    ['with a claim typ about the user', { typ: 'employee' }],
  ])('the same ID token is accepted: %s', async (_, changes) => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    await standWith(changes);
    expect((await identityOf(ours.exchangeCode(callback, attempt))).user.username).toBe('alice');
  });

  test.each([
    ['ES384', 'sha384'],
    ['RS512', 'sha512'],
    ['EdDSA', 'sha512'],
  ])('at_hash is made as the algorithm %s says', async (alg, hash) => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    await changeDiscovery(provider, { id_token_signing_alg_values_supported: [alg] });
    const key = { ...(await exportJWK(publicKey)), kid: 'own', alg, use: 'sig' };
    provider.stand('jwks', () => ({ body: { keys: [key] } }));
    const { ours } = connect(provider);
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.issuer, sub: 'u-alice', aud: 'grafana', nonce: attempt.nonce, iat, exp: iat + 60 };
    const exchange = async (at_hash: string) => {
      const callback = await signInAtProvider(ours);
      const id_token = await new SignJWT({ ...claims, at_hash })
        .setProtectedHeader({ alg, kid: 'own' })
        .sign(privateKey);
      provider.stand('token', () => ({ body: { access_token: 'opaque', token_type: 'Bearer', id_token } }));
      return ours.exchangeCode(callback, attempt);
    };
    expect((await identityOf(exchange(atHash('opaque', hash)))).sub).toBe('u-alice');
    // authentik.
    expect((await identityOf(exchange(atHash('opaque', 'sha256')))).sub).toBe('u-alice');
    await rejectionOf(exchange(atHash('another', hash)), 'invalid_response');
  });

  test.each<[string, Record<string, unknown>, boolean]>([
    ['a listed one without azp', { aud: ['grafana', 'urn:idcs'] }, true],
    ['a listed one alone', { aud: ['urn:idcs'] }, false],
    ['a listed one as text', { aud: 'urn:idcs' }, false],
    ['one that is not listed', { aud: ['grafana', 'urn:idcs', 'other-client'] }, false],
    // Attack: what is listed would be an open door for the tokens of another client.
    ['a listed one with the azp of another', { aud: ['grafana', 'urn:idcs'], azp: 'other-client' }, false],
    ['one that is not listed, with our azp', { aud: ['grafana', 'other-client'], azp: 'grafana' }, true],
    ['ours twice', { aud: ['grafana', 'grafana'] }, true],
  ])('extra_audiences, an ID token for %s: (%#)', async (_, changes, accepted) => {
    const { ours } = connect(provider, { extra_audiences: ['urn:idcs'] });
    const callback = await signInAtProvider(ours);
    await standWith(changes);
    const result = ours.exchangeCode(callback, attempt);
    if (accepted) expect(await identityOf(result)).toMatchObject({ sub: 'u-alice' });
    else await rejectionOf(result, 'wrong_audience');
  });

  test('an audience that nobody listed is named', async () => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    await standWith({ aud: ['grafana', 'urn:idcs'] });
    const { cause } = await rejectionOf(ours.exchangeCode(callback, attempt), 'wrong_audience');
    expect(cause?.message).toMatch(/"urn:idcs".*extra_audiences/);
  });

  test('Attack: an unsigned ID token is rejected', async () => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + 60;
    const claims = { iss: provider.issuer, sub: 'u', aud: 'grafana', nonce: 'a-nonce', iat: exp - 60, exp };
    const id_token = `${part({ alg: 'none' })}.${part(claims)}.`;
    provider.stand('token', () => ({ body: { access_token: 'x', token_type: 'Bearer', id_token } }));
    await rejectionOf(ours.exchangeCode(callback, attempt), 'invalid_token');
  });

  test.each([
    ['the iss of another provider (mix-up)', (url: URL) => url.searchParams.set('iss', 'https://evil.example.com')],
    ['no iss where the provider always sends it', (url: URL) => url.searchParams.delete('iss')],
    ['another state', (url: URL) => url.searchParams.set('state', 'another')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
  ])('Attack: a forged callback is rejected before the code is sent: %s', async (_, change) => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    change(callback);
    const before = provider.counts.token;
    await rejectionOf(ours.exchangeCode(callback, attempt), 'invalid_response');
    expect(provider.counts.token).toBe(before);
  });

  test('Attack: a stolen code is rejected without its PKCE verifier', async () => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    const other = { ...attempt, codeVerifier: 'another-'.repeat(8) };
    await rejectionOf(ours.exchangeCode(callback, other), 'invalid_grant');
  });

  test.each(OUTAGES)('the token endpoint fails: %s', async (failure) => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    provider.fail('token', failure);
    await expect(ours.exchangeCode(callback, attempt)).rejects.toThrow(ProviderUnavailable);
  });

  test.each([
    [
      500,
      { error: 'server_error', error_description: 'database is locked' },
      /server_error: database is locked .status 500/,
    ],
    [503, { error: 'temporarily_unavailable' }, /temporarily_unavailable .status 503/],
    [502, { message: 'no upstream' }, /status 502, content type "application\/json"/],
  ])('an outage of status %i has the words of the provider', async (status, body, words) => {
    const { ours } = connect(provider);
    const callback = await signInAtProvider(ours);
    provider.stand('token', () => ({ status, body }));
    const error = await ours.exchangeCode(callback, attempt).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderUnavailable);
    expect(describeError(error)).toMatch(words);
    expect(describeError(error)).toContain(`the token endpoint ${provider.issuer}/token`);
  });

  test('a wrong client secret is an outage, not a rejection, and the log names the client', async () => {
    const { ours, logged } = connect(provider, { client_secret: 'wrong' });
    const callback = await signInAtProvider(ours);
    await expect(ours.exchangeCode(callback, attempt)).rejects.toThrow(ProviderUnavailable);
    expect(logged.at(-1)).toMatchObject({ level: 'error', event: 'provider.client_rejected', application: 'grafana' });
    expect(logged.at(-1)?.message).toContain('invalid_client');
  });

  test('the description of an error response is in the log, and the code that it quotes is not', async () => {
    const { ours, logged } = connect(provider);
    const callback = await signInAtProvider(ours);
    const error_description = `Invalid client credentials for code ${callback.searchParams.get('code')}`;
    provider.stand('token', () => ({ status: 401, body: { error: 'unauthorized_client', error_description } }));
    await expect(ours.exchangeCode(callback, attempt)).rejects.toThrow(ClientRejected);
    const line = describeError(logged.at(-1)?.error);
    expect(line).toContain('unauthorized_client: Invalid client credentials for code …');
    expect(line).not.toContain(callback.searchParams.get('code'));
  });
});

test('an access token that is no bearer token is not sent to userinfo, and stops no login', async () => {
  const now = Math.floor(Date.now() / 1000);
  const right = { iss: provider.issuer, sub: 'u-alice', aud: 'grafana', nonce: attempt.nonce, iat: now, exp: now + 60 };
  const id_token = await provider.sign({ ...right, preferred_username: 'alice' });
  provider.stand('token', () => ({ body: { access_token: 'opaque', token_type: 'N_A', id_token } }));
  const asked = provider.counts.userinfo;
  const { ours, logged } = connect(provider);
  expect(await login(ours)).toMatchObject({ sub: 'u-alice', user: { username: 'alice' } });
  expect(provider.counts.userinfo).toBe(asked);
  expect(logged.map(({ message }) => message).join()).toContain('token_type "N_A"');
});

describe('the log of a login that failed', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['iss', { iss: 'https://other.example.com' }, /iss is "https:\/\/other\.example\.com", expected "http/],
    ['aud', { aud: 'other-client' }, /aud is "other-client", expected "grafana"/],
    ['nonce', { nonce: undefined }, /nonce/],
    ['exp', { exp: 1000 }, /exp is 1000, now is/],
  ])('names the claim and the values: %s', async (_, changes, words) => {
    await standWith(changes);
    const { ours } = connect(provider);
    const result = await ours.exchangeCode(await signInAtProvider(ours), attempt);
    expect(result).toMatchObject({ kind: 'rejected', cause: { message: expect.stringMatching(words) } });
  });

  test.each<[string, { status?: number; body: object | string }, RegExp]>([
    [
      'an error',
      { status: 400, body: { error: 'invalid_request', error_description: 'no PKCE' } },
      /invalid_request: no PKCE \(status 400 of the token endpoint http/,
    ],
    ['no ID token', { body: { access_token: 'a', token_type: 'bearer' } }, /the token endpoint http.*id_token/],
  ])('names the endpoint and the answer: %s', async (_, answer, words) => {
    provider.stand('token', () => answer);
    const { ours } = connect(provider);
    const exchange = ours.exchangeCode(await signInAtProvider(ours), attempt);
    const said = await exchange.then(
      (result) => ('cause' in result ? result.cause : undefined),
      (error) => error.cause,
    );
    expect(String(said?.message)).toMatch(words);
  });

  test('a discovery document that lists no algorithm leaves it to the key; one that lists others does not', async () => {
    const other = await startProvider({ clients });
    try {
      await changeDiscovery(other, { id_token_signing_alg_values_supported: undefined });
      expect((await login(connect(other).ours)).sub).toBe('u-alice');
      await changeDiscovery(other, { id_token_signing_alg_values_supported: ['ES384'] });
      const { ours } = connect(other);
      const result = await ours.exchangeCode(await signInAtProvider(ours), attempt);
      expect(result).toMatchObject({
        cause: { message: expect.stringMatching(/alg is "RS256", expected one of \["ES384"\]/) },
      });
    } finally {
      await other.close();
    }
  });
});

describe('a provider that changes while Gatepost runs', () => {
  test.each<[string, object]>([
    ['its algorithm', { id_token_signing_alg_values_supported: ['ES384'] }],
    ['the address of its keys', { jwks_uri: 'http://127.0.0.1:9/keys' }],
  ])('%s: the next login after ten seconds sees it', async (_, before) => {
    const other = await startProvider({ clients });
    try {
      let at = Date.now();
      await changeDiscovery(other, before);
      const { ours } = connect(other, {}, () => at);
      await expect(login(ours)).rejects.toThrow();
      other.stand('discovery', undefined);
      await expect(login(ours)).rejects.toThrow();
      const asked = other.counts.discovery;
      at += 10_001;
      expect((await login(ours)).sub).toBe('u-alice');
      expect(other.counts.discovery).toBe(asked + 1);
    } finally {
      await other.close();
    }
  });

  test.each([
    {},
    { jwks_uri: 'http://127.0.0.1:9/keys' },
  ])('its endpoints (%j): the login after the one that finds nothing there works', async (more) => {
    const other = await startProvider({ clients });
    try {
      let at = Date.now();
      await changeDiscovery(other, { token_endpoint: `${other.issuer}/gone`, ...more });
      const { ours } = connect(other, {}, () => at);
      await ours.authorizationUrl(attempt);
      other.stand('discovery', undefined);
      at += 10_001;
      await expect(login(ours)).rejects.toThrow(ProviderUnavailable);
      await expect.poll(() => ours.jwksUri).toBe(`${other.issuer}/jwks`);
      expect((await login(ours)).sub).toBe('u-alice');
    } finally {
      await other.close();
    }
  });

  // Attack: tokens that clients invent would have the document read again and again.
  test('a token of a client has no discovery read', async () => {
    let at = Date.now();
    const { ours } = connect(provider, {}, () => at);
    await login(ours);
    const asked = provider.counts.discovery;
    at += 60_000;
    const claims = { iss: provider.issuer, aud: 'grafana', sub: 'u-alice', exp: Math.floor(at / 1000) + 60 };
    await rejectionOf(ours.verifyBearer(await provider.sign(claims, { foreign: true })), 'invalid_token');
    expect(provider.counts.discovery).toBe(asked);
  });
});

test('parameters of the address of the authorization endpoint that are ours are there once', async () => {
  const other = await startProvider({ clients });
  await changeDiscovery(other, { authorization_endpoint: `${other.issuer}/auth?client_id=x&response_type=token&p=1` });
  const { searchParams } = new URL(await connect(other).ours.authorizationUrl(attempt));
  expect(searchParams.getAll('client_id')).toEqual(['grafana']);
  expect(searchParams.getAll('response_type')).toEqual(['code']);
  expect(searchParams.get('p')).toBe('1');
  await other.close();
});
