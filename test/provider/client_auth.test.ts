/** How a client proves who it is: which method is tried, what a refusal leads to, and what is remembered of it. */
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { describeError } from '../../src/observe/log.ts';
import { authenticates, methodsFor } from '../../src/provider/client_auth.ts';
import { ClientRejected } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import {
  attempt,
  changeDiscovery,
  clients,
  connect,
  identityOf,
  login,
  redirectUri,
  refreshBy,
  rejectionOf,
  signInAtProvider,
} from './fixture.ts';

const keyOf = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const ec = keyOf('P-256');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const client_key = JSON.stringify({ ...ec.privateKey.export({ format: 'jwk' }), kid: 'ours' });
const jwks = {
  keys: [
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ours' },
    rsa.publicKey.export({ format: 'jwk' }),
    ed.publicKey.export({ format: 'jwk' }),
  ],
};

let provider: TestProvider;

beforeAll(async () => {
  const signing = {
    client_id: 'signing',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks,
  };
  provider = await startProvider({ clients: [...clients, signing] });
});
afterAll(() => provider.close());
afterEach(() => {
  for (const name of ['token', 'introspection', 'discovery'] as const) provider.stand(name, undefined);
});

type Way = 'basic' | 'post' | 'jwt' | 'none';

function wayOf(form: URLSearchParams, headers: IncomingHttpHeaders): Way {
  if (headers.authorization !== undefined) return 'basic';
  if (form.has('client_assertion')) return 'jwt';
  return form.has('client_secret') ? 'post' : 'none';
}

type Answer = { status?: number; body: unknown; type?: string } | undefined;

/** Writes down the ways in which the token endpoint is asked, and answers for it. */
function watch(answer: (way: Way, form: URLSearchParams) => Answer, endpoint: 'token' | 'introspection' = 'token') {
  const ways: Way[] = [];
  const forms: URLSearchParams[] = [];
  const headers: IncomingHttpHeaders[] = [];
  provider.stand(endpoint, (form, sent) => {
    const way = wayOf(form, sent);
    ways.push(way);
    forms.push(form);
    headers.push(sent);
    return answer(way, form);
  });
  return { ways, forms, headers };
}

const refusal = (error: string, status = 401, error_description?: string): Answer => ({
  status,
  body: { error, error_description },
});

/** The provider itself does not care which of the two a client uses; others keep it to the registered one. */
const postOnly = (way: Way) => (way === 'post' ? undefined : refusal('invalid_client'));

const exchange = async (ours: ReturnType<typeof connect>['ours']) =>
  ours.exchangeCode(await signInAtProvider(ours), attempt);

describe('the methods that may be tried', () => {
  const secret = { client_id: 'a', client_secret: 's' };
  const key = { client_id: 'a', client_key };
  test.each([
    [secret, undefined, ['client_secret_basic', 'client_secret_post']],
    [secret, ['client_secret_basic', 'client_secret_post'], ['client_secret_basic', 'client_secret_post']],
    [secret, ['client_secret_post'], ['client_secret_post', 'client_secret_basic']],
    [secret, ['private_key_jwt', 'none'], ['client_secret_basic', 'client_secret_post']],
    [secret, 'client_secret_post', ['client_secret_basic', 'client_secret_post']],
    [{ ...secret, token_endpoint_auth_method: 'client_secret_post' }, ['client_secret_basic'], ['client_secret_post']],
    [{ ...secret, token_endpoint_auth_method: 'client_secret_basic' }, ['client_secret_post'], ['client_secret_basic']],
    [{ ...secret, token_endpoint_auth_method: 'none' }, ['client_secret_basic'], ['none']],
    [{ client_id: 'a' }, ['client_secret_basic'], ['none']],
    [key, undefined, ['private_key_jwt', 'private_key_jwt:endpoint']],
    [{ ...secret, client_key }, ['private_key_jwt'], ['private_key_jwt', 'private_key_jwt:endpoint']],
    [{ ...secret, client_key }, ['client_secret_basic'], ['client_secret_basic', 'client_secret_post']],
    [
      { client_id: 'a@b', client_secret: 's' },
      ['client_secret_basic', 'client_secret_post'],
      ['client_secret_basic', 'client_secret_post', 'client_secret_basic:plain'],
    ],
    [
      { client_id: 'a', client_secret: 'a/b+c=', token_endpoint_auth_method: 'client_secret_basic' },
      undefined,
      ['client_secret_basic', 'client_secret_basic:plain'],
    ],
    [
      { client_id: 'a:b', client_secret: 's', token_endpoint_auth_method: 'client_secret_basic' },
      undefined,
      ['client_secret_basic'],
    ],
  ] as const)('of %j where discovery lists %j: %j', (client, supported, methods) => {
    expect(methodsFor(client, supported)).toEqual(methods);
    expect(authenticates(client)).toBe(methods[0] !== 'none');
  });
});

describe('a method that the provider refuses', () => {
  test.each([
    ['invalid_client', refusal('invalid_client')],
    ['invalid_client with 400', refusal('invalid_client', 400)],
    ['unauthorized_client', refusal('unauthorized_client')],
    ['unauthorized_client with 400', refusal('unauthorized_client', 400)],
    ['invalid_request, as what it looks for is missing', refusal('invalid_request', 400)],
    ['401 with a code of its own', refusal('access_denied')],
    ['401 with a page', { status: 401, body: '<html>Unauthorized</html>', type: 'text/html' }],
    ['401 with nothing', { status: 401, body: '', type: 'text/plain' }],
    ['401 with JSON of another shape', { status: 401, body: { message: 'Unauthorized' } }],
  ])('is not the last word: %s', async (_, answer) => {
    const { ours, logged } = connect(provider);
    const { ways } = watch((way) => (way === 'post' ? undefined : answer));
    expect((await login(ours)).user.username).toBe('alice');
    expect(ways).toEqual(['basic', 'post']);
    expect(logged.at(-1)).toMatchObject({ level: 'info', event: 'provider.auth_method' });
    expect(logged.at(-1)?.message).toContain('client_secret_post');
    await login(ours);
    expect(ways).toEqual(['basic', 'post', 'post']);
  });

  test('is left for the other one where discovery does not list that', async () => {
    await changeDiscovery(provider, { token_endpoint_auth_methods_supported: ['client_secret_basic'] });
    const { ways } = watch(postOnly);
    expect((await login(connect(provider).ours)).user.username).toBe('alice');
    expect(ways).toEqual(['basic', 'post']);
  });

  test('is tried last by the next login where the refusal has spent the code', async () => {
    const { ours } = connect(provider);
    const spent = watch((way) => (way === 'basic' ? refusal('invalid_client') : refusal('invalid_grant', 400)));
    await rejectionOf(exchange(ours), 'invalid_grant');
    expect(spent.ways).toEqual(['basic', 'post']);
    const next = watch(postOnly);
    await login(ours);
    expect(next.ways).toEqual(['post']);
  });

  // Attack: a way that never worked would be kept, and a provider's answer about one client would choose for another.
  test('is no proof of the other one, and says nothing of another application', async () => {
    const first = connect(provider).ours;
    const { ways } = watch(() => refusal('invalid_client'));
    await expect(exchange(first)).rejects.toThrow(ClientRejected);
    await expect(exchange(first)).rejects.toThrow(ClientRejected);
    expect(ways).toEqual(['basic', 'post', 'basic', 'post']);
    const accepted = watch(postOnly);
    await login(first);
    await login(first);
    expect(accepted.ways).toEqual(['basic', 'post', 'post']);
    const other = watch(() => undefined);
    await login(connect(provider).ours);
    expect(other.ways).toEqual(['basic']);
  });

  test('is taken up again when the registration at the provider changes', async () => {
    const { ours } = connect(provider);
    watch(postOnly);
    await login(ours);
    const { ways } = watch((way) => (way === 'post' ? refusal('invalid_client') : undefined));
    await login(ours);
    await login(ours);
    expect(ways).toEqual(['post', 'basic', 'basic']);
  });

  test('is tried last from then on, though it has worked for long', async () => {
    const { ours } = connect(provider);
    await login(ours);
    const changed = watch((way) => (way === 'basic' ? refusal('invalid_client') : refusal('invalid_grant', 400)));
    await rejectionOf(exchange(ours), 'invalid_grant');
    await rejectionOf(exchange(ours), 'invalid_grant');
    expect(changed.ways).toEqual(['basic', 'post', 'post']);
  });

  test('is used alone where the operator has chosen it', async () => {
    for (const method of ['client_secret_basic', 'client_secret_post', 'none'] as const) {
      const { ways } = watch(() => refusal('invalid_client'));
      await expect(exchange(connect(provider, { token_endpoint_auth_method: method }).ours)).rejects.toThrow(
        ClientRejected,
      );
      expect(ways).toEqual([method.replace('client_secret_', '')]);
    }
  });

  // Attack: a code that is sent again because something else was wrong would end the tokens of its first use.
  test.each([
    ['a spent code', refusal('invalid_grant', 400)],
    ['a spent code, with 401', refusal('invalid_grant')],
    ['the scope', refusal('invalid_scope', 400)],
    ['the grant', refusal('unsupported_grant_type', 400)],
    ['too many requests', refusal('invalid_client', 429)],
    ['an outage', { status: 503, body: { error: 'invalid_client' } }],
  ])('is not tried in another way for %s', async (_, answer) => {
    const { ways } = watch(() => answer);
    await exchange(connect(provider).ours).catch((error: unknown) => expect(error).toBeInstanceOf(ProviderUnavailable));
    expect(ways).toHaveLength(1);
  });

  test('of a refresh is tried in another way, and the session goes on', async () => {
    const scopes = ['openid', 'profile', 'offline_access'];
    const identity = await login(connect(provider, { scopes }).ours);
    const { ours: restarted } = connect(provider, { scopes });
    const { ways } = watch(postOnly);
    expect((await identityOf(refreshBy(restarted, identity.refreshToken!, identity))).sub).toBe('u-alice');
    expect(ways).toEqual(['basic', 'post']);
    const refused = watch(() => refusal('access_denied'));
    await expect(refreshBy(restarted, 'a-token', identity)).rejects.toThrow(ClientRejected);
    expect(refused.ways).toEqual(['post', 'basic']);
  });

  // Attack: each guess of a password would count twice at the provider.
  test('of a password is tried in another way only until one has worked', async () => {
    const { ours } = connect(provider);
    await login(ours);
    const { ways } = watch(() => refusal('invalid_client'));
    expect(await ours.verifyPassword('alice', 'guess')).toMatchObject({
      kind: 'rejected',
      reason: 'grant_not_offered',
    });
    expect(ways).toEqual(['basic']);
    const other = watch(() => refusal('unauthorized_client', 400));
    expect(await connect(provider).ours.verifyPassword('alice', 'guess')).toMatchObject({
      reason: 'grant_not_offered',
    });
    expect(other.ways).toEqual(['basic']);
  });
});

describe('the log of a refused client', () => {
  test('names the endpoint, each method and each answer, and no secret', async () => {
    const { ours, logged } = connect(provider, { client_secret: 'a-wrong-secret' });
    const callback = await signInAtProvider(ours);
    watch((way) =>
      way === 'basic'
        ? refusal('invalid_client', 401, 'Basic is not for this client')
        : refusal(
            'unauthorized_client',
            400,
            `secret a-wrong-secret-0123456789 for ${callback.searchParams.get('code')}`,
          ),
    );
    await expect(ours.exchangeCode(callback, attempt)).rejects.toMatchObject({
      error: 'unauthorized_client',
      message: 'the OpenID provider refuses this client: unauthorized_client',
    });
    const { level, event, message, error } = logged.at(-1)!;
    expect({ level, event }).toEqual({ level: 'error', event: 'provider.client_rejected' });
    const line = `${message} ${describeError(error)}`;
    expect(line).toContain(`the token endpoint ${provider.issuer}/token refuses this client`);
    expect(line).toContain('invalid_client: Basic is not for this client (client_secret_basic)');
    expect(line).toContain('unauthorized_client: secret … for … (client_secret_post)');
    expect(line).not.toContain('a-wrong-secret');
  });

  // Attack: the code of an error is the provider's text as well.
  test('has an error code of the provider only where it is one', async () => {
    const { ours, logged } = connect(provider);
    watch(() => refusal('eyJhbGciOiJSUzI1NiJ9.a token\n of somebody'));
    await expect(exchange(ours)).rejects.toMatchObject({ error: 'unknown_error' });
    expect(`${logged.at(-1)!.message} ${describeError(logged.at(-1)!.error)}`).not.toContain('eyJ');
  });
});

describe('client_secret_basic', () => {
  const [client_id, client_secret] = ['2987@oidc', 'a:b%2Fc+d e=/ü~'];
  const decoded = ({ authorization = '' }: IncomingHttpHeaders) =>
    Buffer.from(authorization.slice(6), 'base64').toString();

  test('is form-encoded, and as it is for a provider that never decodes', async () => {
    const { ours } = connect(provider, { client_id, client_secret, token_endpoint_auth_method: 'client_secret_basic' });
    const callback = `${redirectUri}&code=a-code&state=${attempt.state}&iss=${provider.issuer}`;
    const { headers } = watch(() => refusal('invalid_client'));
    await expect(ours.exchangeCode(new URL(callback), attempt)).rejects.toThrow(ClientRejected);
    const [encoded = '', plain] = headers.map(decoded);
    expect(plain).toBe(`${client_id}:${client_secret}`);
    expect(encoded.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))).toEqual([
      client_id,
      client_secret,
    ]);
    expect(encoded).toMatch(/^[\w.~%+:-]+$/);
  });

  test('has the third way in its turn, at the next login', async () => {
    const { ours } = connect(provider, { client_id, client_secret });
    const callback = `${redirectUri}&code=a-code&state=${attempt.state}&iss=${provider.issuer}`;
    const { ways, headers } = watch(() => refusal('invalid_client'));
    await expect(ours.exchangeCode(new URL(callback), attempt)).rejects.toThrow(ClientRejected);
    await expect(ours.exchangeCode(new URL(callback), attempt)).rejects.toThrow(ClientRejected);
    expect(ways).toEqual(['basic', 'post', 'basic', 'basic']);
    expect(decoded(headers[2]!)).toBe(`${client_id}:${client_secret}`);
  });
});

describe('private_key_jwt', () => {
  const pem = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signing = (key: string, more = {}) => connect(provider, { client_id: 'signing', client_key: key, ...more });

  test.each([
    ['EC, a JWK', client_key, 'ES256'],
    ['RSA, PEM', pem(rsa.privateKey), 'RS256'],
    ['Ed25519, PEM', pem(ed.privateKey), 'EdDSA'],
  ])('a provider takes an assertion: %s', async (_, key, alg) => {
    const { ours } = signing(key, { token_endpoint_auth_method: 'private_key_jwt' });
    const { ways, forms } = watch(() => undefined);
    expect((await login(ours)).user.username).toBe('alice');
    await login(ours);
    expect(ways).toEqual(['jwt', 'jwt']);
    const [one, two] = forms.map((form) => form.get('client_assertion')!);
    expect(decodeProtectedHeader(one!)).toMatchObject({ alg });
    const claims = decodeJwt(one!);
    expect(claims).toMatchObject({ iss: 'signing', sub: 'signing', aud: provider.issuer });
    expect(claims.exp! - claims.iat!).toBe(60);
    expect(decodeJwt(two!).jti).not.toBe(claims.jti);
  });

  test('the algorithm is one that discovery lists for the endpoint, and the kid that of the JWK', async () => {
    await changeDiscovery(provider, { token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256'] });
    const { forms } = watch(() => undefined);
    await login(signing(pem(rsa.privateKey)).ours);
    await login(signing(client_key).ours);
    // The name of RFC 9864 for what RFC 8037 calls EdDSA.
    await changeDiscovery(provider, { token_endpoint_auth_signing_alg_values_supported: ['Ed25519'] });
    await exchange(signing(pem(ed.privateKey)).ours).catch(() => undefined);
    const headers = forms.map((form) => decodeProtectedHeader(form.get('client_assertion')!));
    expect(headers.slice(0, 3)).toMatchObject([{ alg: 'PS256' }, { alg: 'ES256', kid: 'ours' }, { alg: 'Ed25519' }]);
  });

  // Attack: an assertion for several audiences could be used at each of them by whoever receives it.
  test('the audience is the issuer, then the endpoint that is asked, never both', async () => {
    const { ours } = signing(client_key);
    const { forms } = watch((_, form) => {
      const { aud } = decodeJwt(form.get('client_assertion')!);
      return aud === `${provider.issuer}/token` ? undefined : refusal('invalid_client');
    });
    await login(ours);
    await login(ours);
    const audiences = forms.map((form) => decodeJwt(form.get('client_assertion')!).aud);
    const endpoint = `${provider.issuer}/token`;
    expect(audiences).toEqual([provider.issuer, endpoint, endpoint]);
  });

  test('a key that the provider does not know is a refused client, and no secret goes along', async () => {
    const { ours, logged } = signing(pem(keyOf('P-256').privateKey), { client_secret: 'a-secret' });
    const { forms, ways } = watch(() => undefined);
    await expect(exchange(ours)).rejects.toThrow(ClientRejected);
    expect(ways).toEqual(['jwt', 'jwt']);
    expect(forms.some((form) => form.has('client_secret'))).toBe(false);
    expect(logged.at(-1)?.message).toContain('look at its client_id, client_key');
  });
});

describe('the introspection endpoint', () => {
  const active = () => ({
    body: {
      active: true,
      client_id: 'grafana',
      sub: 'u-alice',
      preferred_username: 'alice',
      token_type: 'access_token',
      email: 'a@b.c',
      groups: [],
      name: 'A',
      entitlements: [],
      ak_proxy: {},
    },
  });

  test('has its own list of methods', async () => {
    await changeDiscovery(provider, { introspection_endpoint_auth_methods_supported: ['client_secret_post'] });
    const { ours } = connect(provider);
    const { ways } = watch(active, 'introspection');
    expect(await ours.verifyBearer('opaque')).toMatchObject({ kind: 'verified' });
    expect(ways).toEqual(['post']);
  });

  test('without a list begins with what the token endpoint took', async () => {
    await changeDiscovery(provider, { introspection_endpoint_auth_methods_supported: undefined });
    const { ours } = connect(provider);
    watch(postOnly);
    await login(ours);
    const { ways } = watch(() => ({ body: { active: false } }), 'introspection');
    await ours.verifyBearer('opaque');
    expect(ways).toEqual(['post']);
  });

  test('learns for itself alone', async () => {
    const { ours } = connect(provider);
    const { ways } = watch((way) => (way === 'post' ? active() : refusal('invalid_client')), 'introspection');
    await ours.verifyBearer('opaque');
    await ours.verifyBearer('another');
    expect(ways).toEqual(['basic', 'post', 'post']);
    const token = watch(() => undefined);
    await login(ours);
    expect(token.ways).toEqual(['basic']);
  });

  test('that refuses the client is named in the log', async () => {
    const { ours, logged } = connect(provider);
    watch(() => refusal('invalid_client'), 'introspection');
    await expect(ours.verifyBearer('opaque')).rejects.toThrow(ClientRejected);
    expect(logged.at(-1)?.message).toContain(`the introspection endpoint ${provider.issuer}/token/introspection`);
  });

  // Attack: a stranger's token would be an outage, and an error in the log, for everybody who sends one.
  test('that says invalid_token with 401 refuses the token, not the client', async () => {
    const { ours } = connect(provider);
    const { ways } = watch(() => refusal('invalid_token'), 'introspection');
    await rejectionOf(ours.verifyBearer('opaque'), 'error_response');
    expect(ways).toEqual(['basic']);
  });

  test('is asked by a client with a key, and by none that proves nothing', async () => {
    const { ways } = watch(active, 'introspection');
    await connect(provider, { client_id: 'signing', client_key }).ours.verifyBearer('opaque');
    expect(ways).toEqual(['jwt']);
    await rejectionOf(
      connect(provider, { token_endpoint_auth_method: 'none' }).ours.verifyBearer('o'),
      'invalid_token',
    );
    expect(ways).toEqual(['jwt']);
  });
});
