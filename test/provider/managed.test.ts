/** Providers that authentik manages: their metadata, addresses, issuers and algorithms. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ManagedMetadata } from '../../src/config/managed.ts';
import { causeOf, ProviderUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import type { IdentityResult } from '../../src/provider/index.ts';
import { shareProviders } from '../../src/provider/providers.ts';
import { type Certificate, makeCertificate } from '../integration/certificate.ts';
import { makeApplication } from '../support/application.ts';
import { type Stand, startProvider, type TestProvider } from '../support/provider.ts';
import { attempt, clients, identityOf, refreshBy, rejectionOf } from './fixture.ts';
import {
  answerTokens,
  callbackUrl,
  claimsOf,
  connectManaged,
  ISSUER,
  managedBy,
  ownIssuer,
  PUBLIC_ORIGIN,
  SECRET,
  STRANGER,
  signBySecret,
} from './managed_fixture.ts';

let provider: TestProvider;
beforeEach(async () => {
  provider = await startProvider({ clients });
});
afterEach(() => provider.close());

describe('the metadata', () => {
  test('are there at once, and no discovery document is asked for', async () => {
    const { ours, logged } = connectManaged(provider);
    expect(ours.jwksUri).toBe(`${provider.issuer}/jwks`);
    ours.prefetch();
    expect(await ours.authorizationUrl(attempt)).toMatch(`${PUBLIC_ORIGIN}/application/o/authorize/?`);
    expect(await ours.endSessionUrl({ idToken: '', user: (await loggedIn()).user })).toMatch(`${ISSUER}end-session/?`);
    expect(provider.counts).toMatchObject({ discovery: 0, jwks: 1 });
    expect(logged).toEqual([]);
  });

  test('may send browsers to plain http', async () => {
    const { ours } = connectManaged(provider, { authorization_endpoint: 'http://login.example.test/authorize' });
    expect(await ours.authorizationUrl(attempt)).toMatch('http://login.example.test/authorize?');
  });

  test('a client authenticates by client_secret_basic, and by client_secret_post where that is refused', async () => {
    const ways: string[] = [];
    const token = await provider.sign(claimsOf());
    provider.stand('token', (form, { authorization = '' }) => {
      const isPost = form.has('client_secret');
      ways.push(isPost ? 'post' : authorization.replace(/ .*/, ''));
      if (!isPost) return { status: 400, body: { error: 'invalid_client' } };
      return { body: { token_type: 'Bearer', access_token: 'opaque', expires_in: 300, id_token: token } };
    });
    const { ours } = connectManaged(provider);
    await identityOf(ours.exchangeCode(callbackUrl(), attempt));
    expect(ways).toEqual(['Basic', 'post']);
  });
});

async function loggedIn(changes: Record<string, unknown> = {}) {
  answerTokens(provider, await provider.sign(claimsOf(changes)));
  return identityOf(connectManaged(provider).ours.exchangeCode(callbackUrl(), attempt));
}

test('requests of the client name the public host and scheme; those for keys name the host that is asked', async () => {
  const seen: [string, IncomingHttpHeaders][] = [];
  const note =
    (name: string, answer?: object): Stand =>
    (_, headers) => {
      seen.push([name, headers]);
      return answer && { body: answer };
    };
  const id_token = await provider.sign(claimsOf({ groups: undefined, ak_proxy: undefined }));
  provider.stand('token', note('token', { token_type: 'Bearer', access_token: 'opaque', expires_in: 300, id_token }));
  provider.stand('userinfo', note('userinfo', { sub: 'u-alice', groups: ['staff'] }));
  provider.stand('introspection', note('introspection', { active: true }));
  provider.stand('jwks', note('jwks'));
  const { ours } = connectManaged(provider);
  expect(await identityOf(ours.exchangeCode(callbackUrl(), attempt))).toMatchObject({ user: { groups: ['staff'] } });
  expect(await ours.isActive('opaque')).toBe(true);
  const named = seen.map(([name, headers]) => [name, headers.host, headers['x-forwarded-proto']]);
  const own = new URL(provider.issuer).host;
  expect(named).toEqual([
    ['token', 'login.example.test', 'https'],
    ['jwks', own, undefined],
    ['userinfo', 'login.example.test', 'https'],
    ['introspection', 'login.example.test', 'https'],
  ]);
});

describe('issuers', () => {
  /** Each way in which a token comes to Gatepost. */
  const ways = {
    login: async (iss: string) => {
      answerTokens(provider, await provider.sign(claimsOf({ iss })));
      const { ours, logged } = connectManaged(provider);
      return { result: await ours.exchangeCode(callbackUrl(), attempt), logged };
    },
    'a refresh': async (iss: string) => {
      const subject = await loggedIn();
      answerTokens(provider, await provider.sign(claimsOf({ iss })), { refresh_token: 'next' });
      const { ours, logged } = connectManaged(provider);
      return { result: await refreshBy(ours, 'refresh', subject), logged };
    },
    'a bearer token': async (iss: string) => {
      const { ours, logged } = connectManaged(provider);
      return { result: await ours.verifyBearer(await provider.sign(claimsOf({ iss }))), logged };
    },
    introspection: async (iss: string) => {
      provider.stand('introspection', () => ({
        body: { ...claimsOf({ iss }), active: true, client_id: 'grafana', token_type: 'access_token' },
      }));
      const { ours, logged } = connectManaged(provider, {}, { bearer: 'introspect' });
      return { result: await ours.verifyBearer('opaque'), logged };
    },
    'an app password': async (iss: string) => {
      answerTokens(provider, await provider.sign(claimsOf({ iss })));
      const { ours, logged } = connectManaged(provider);
      return { result: await ours.verifyAppPassword('alice', 'x'), logged };
    },
  } satisfies Record<string, (iss: string) => Promise<{ result: IdentityResult; logged: unknown[] }>>;

  describe.each(Object.entries(ways))('of %s', (_, ask) => {
    test('the first is accepted without a word', async () => {
      const { result, logged } = await ask(ISSUER);
      expect(result).toMatchObject({ kind: 'verified', identity: { issuer: ISSUER, sub: 'u-alice' } });
      expect(logged).toEqual([]);
    });

    test('the second is filed under the first, with one warning', async () => {
      const { result, logged } = await ask(ownIssuer(provider));
      expect(result).toMatchObject({ kind: 'verified', identity: { issuer: ISSUER, sub: 'u-alice' } });
      expect(logged).toHaveLength(1);
      expect(logged[0]).toMatchObject({ level: 'warn', event: 'provider.second_issuer', application: 'grafana' });
      expect(logged[0]).toHaveProperty('message', expect.stringContaining('AUTHENTIK_HOST_BROWSER'));
      for (const one of [ISSUER, ownIssuer(provider)])
        expect(logged[0]).toHaveProperty('message', expect.stringContaining(`"${one}"`));
    });

    test.each([
      ['a stranger', () => STRANGER],
      ['the first without its slash', () => ISSUER.slice(0, -1)],
      ['the first in upper case', () => ISSUER.toUpperCase()],
      ['another application of the host', () => `${PUBLIC_ORIGIN}/application/o/wiki/`],
    ])('another one is refused: %s', async (_name, iss) => {
      const { result } = await ask(iss());
      expect(result).toMatchObject({ kind: 'rejected', reason: 'wrong_issuer' });
      const { cause } = result as Extract<IdentityResult, { kind: 'rejected' }>;
      for (const text of [iss(), ISSUER, ownIssuer(provider), 'AUTHENTIK_HOST_BROWSER'])
        expect(cause?.message).toContain(text);
    });
  });

  test('the warning comes once, however many tokens name the second', async () => {
    const { ours, logged } = connectManaged(provider);
    for (const sub of ['u-alice', 'u-bob'])
      await identityOf(ours.verifyBearer(await provider.sign(claimsOf({ sub, iss: ownIssuer(provider) }))));
    expect(logged).toHaveLength(1);
  });

  test('a session of the second is refreshed by tokens of the first, and one without an ID token stays', async () => {
    const subject = await loggedIn({ iss: ownIssuer(provider) });
    expect(subject.issuer).toBe(ISSUER);
    answerTokens(provider, await provider.sign(claimsOf()));
    const { ours } = connectManaged(provider);
    expect(await identityOf(refreshBy(ours, 'refresh', subject))).toMatchObject({ issuer: ISSUER });
    provider.stand('token', () => ({ body: { token_type: 'Bearer', access_token: 'next', expires_in: 300 } }));
    provider.stand('userinfo', () => ({ body: { sub: 'u-alice' } }));
    expect(await identityOf(refreshBy(ours, 'refresh', subject))).toMatchObject({ issuer: ISSUER, sid: 'sid-1' });
  });

  test('a logout token of the second is one of the first', async () => {
    const { ours } = connectManaged(provider);
    for (const iss of [ISSUER, ownIssuer(provider)])
      expect(await ours.verifyLogoutToken(await provider.sign(claimsOf({ iss })))).toMatchObject({
        kind: 'verified',
        claims: { iss: ISSUER, sid: 'sid-1' },
      });
    expect(await ours.verifyLogoutToken(await provider.sign(claimsOf({ iss: STRANGER })))).toMatchObject({
      reason: 'wrong_issuer',
    });
  });

  describe('of the callback', () => {
    test.each([
      ['the first', 'the first', () => ISSUER, () => ISSUER],
      ['the first', 'the second', () => ISSUER, () => ownIssuer(provider)],
      ['the second', 'the first', () => ownIssuer(provider), () => ISSUER],
      ['the second', 'the second', () => ownIssuer(provider), () => ownIssuer(provider)],
    ])('%s counts beside an ID token of %s', async (_one, _other, named, iss) => {
      answerTokens(provider, await provider.sign(claimsOf({ iss: iss() })));
      const { ours } = connectManaged(provider);
      const identity = await identityOf(ours.exchangeCode(callbackUrl({ iss: named() }), attempt));
      expect(identity.issuer).toBe(ISSUER);
    });

    test('another one is refused before the code is sent', async () => {
      const { ours } = connectManaged(provider);
      const rejection = await rejectionOf(ours.exchangeCode(callbackUrl({ iss: STRANGER }), attempt), 'wrong_issuer');
      expect(rejection).toMatchObject({ issuer: STRANGER });
      expect(provider.counts.token).toBe(0);
    });
  });
});

describe('algorithms', () => {
  const HS256: Partial<ManagedMetadata> = { id_token_signing_alg_values_supported: ['HS256'] };

  async function verify(token: string, metadata: Partial<ManagedMetadata>) {
    answerTokens(provider, token);
    const { ours } = connectManaged(provider, metadata);
    const results = [
      await ours.exchangeCode(callbackUrl(), attempt),
      await ours.verifyBearer(token),
      await ours.verifyLogoutToken(token),
    ];
    return results.map((result) => (result.kind === 'rejected' ? result.reason : 'verified'));
  }
  const verified = ['verified', 'verified', 'verified'];
  const refused = ['invalid_token', 'invalid_token', 'invalid_token'];

  test('with HS256 the secret is the key, and no key set is read', async () => {
    expect(await verify(await signBySecret(claimsOf()), HS256)).toEqual(verified);
    expect(provider.counts.jwks).toBe(0);
  });

  test('a listed HS256 counts beside a key, too', async () => {
    const both = { id_token_signing_alg_values_supported: ['RS256', 'HS256'] };
    expect(await verify(await signBySecret(claimsOf()), both)).toEqual(verified);
    expect(await verify(await provider.sign(claimsOf()), both)).toEqual(verified);
  });

  test('with RS256 the key set vouches, before and after its keys change', async () => {
    expect(await verify(await provider.sign(claimsOf()), {})).toEqual(verified);
    await provider.rotateKeys();
    expect(await verify(await provider.sign(claimsOf()), {})).toEqual(verified);
  });

  test('Attack: an RS256 token where HS256 is listed', async () => {
    expect(await verify(await provider.sign(claimsOf()), HS256)).toEqual(refused);
    expect(provider.counts.jwks).toBe(0);
  });

  test('Attack: a token signed with the secret of the client where RS256 is listed', async () => {
    expect(await verify(await signBySecret(claimsOf()), {})).toEqual(refused);
  });

  test('Attack: a token signed with the public key as the secret', async () => {
    const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: [JsonWebKey] };
    const pem = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const metadata of [{}, HS256])
      expect(await verify(await signBySecret(claimsOf(), String(pem)), metadata)).toEqual(refused);
  });

  test.each([
    ['none', 'RS256'],
    ['none', 'HS256'],
    ['NONE', 'HS256'],
    ['hs256', 'HS256'],
  ])('Attack: an unsigned token (%s) where %s is listed', async (alg, listed) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const metadata = { id_token_signing_alg_values_supported: [listed] };
    for (const signature of ['', 'c2ln'])
      expect(await verify(`${part({ alg })}.${part(claimsOf())}.${signature}`, metadata)).not.toContain('verified');
  });

  test.each([
    ['HS512', HS256, 'a secret that is as long as one of HS512 wants, and that is more than sixty-four bytes'],
    ['HS384', HS256, SECRET],
  ])('Attack: another algorithm with the same secret (%s)', async (alg, metadata, secret) => {
    const token = await signBySecret(claimsOf(), secret, alg);
    answerTokens(provider, token);
    const { ours } = connectManaged(provider, metadata, { client_secret: secret });
    await rejectionOf(ours.exchangeCode(callbackUrl(), attempt), 'invalid_token');
    await rejectionOf(ours.verifyBearer(token), 'invalid_token');
    expect(await ours.verifyLogoutToken(token)).toMatchObject({ reason: 'invalid_token' });
  });

  test('Attack: an RSA key signs by an algorithm that is not listed', async () => {
    const token = await provider.sign(claimsOf());
    expect(await verify(token, { id_token_signing_alg_values_supported: ['ES256'] })).toEqual(refused);
    expect(await verify(token, { id_token_signing_alg_values_supported: [] })).toEqual(refused);
  });

  test('Attack: the secret of another client', async () => {
    expect(await verify(await signBySecret(claimsOf(), 'a secret of another client, 32 or more'), HS256)).toEqual(
      refused,
    );
  });
});

describe('introspection', () => {
  const introspect = (response: Record<string, unknown>, bearer_audiences: string[] = []) => {
    provider.stand('introspection', () => ({
      body: { ...claimsOf(), active: true, token_type: 'Bearer', ...response },
    }));
    return connectManaged(provider, {}, { bearer: 'introspect', bearer_audiences }).ours.verifyBearer('opaque');
  };

  // Attack (CVE-2024-47077): authentik says the client that asks, whatever the token is for.
  test('Attack: a token for another client is refused, though client_id names the one that asks', async () => {
    await rejectionOf(introspect({ aud: 'wiki', client_id: 'grafana' }), 'wrong_audience');
    await rejectionOf(introspect({ aud: ['wiki'], client_id: 'grafana', azp: 'grafana' }), 'wrong_audience');
  });

  test('a federated one counts with bearer_audiences', async () => {
    expect(await identityOf(introspect({ aud: 'wiki', client_id: 'grafana' }, ['wiki']))).toMatchObject({
      sub: 'u-alice',
      issuer: ISSUER,
    });
  });

  test('says whether a token still lives, with the client authenticated', async () => {
    const { ours } = connectManaged(provider);
    const seen: IncomingHttpHeaders[] = [];
    for (const active of [true, false]) {
      provider.stand('introspection', (_, headers) => {
        seen.push(headers);
        return { body: { active } };
      });
      expect(await ours.isActive('opaque')).toBe(active);
    }
    const basic = `Basic ${Buffer.from(`grafana:${encodeURIComponent(SECRET).replaceAll('%20', '+')}`).toString('base64')}`;
    expect(seen.map(({ authorization }) => authorization)).toEqual([basic, basic]);
  });
});

describe('another configuration', () => {
  /** The readings of the key set that a token costs with each of two applications, one after the other. */
  async function readingsWith(changes: (managed: ReturnType<typeof managedBy>) => object) {
    const providers = shareProviders({ events: createEvents() });
    const before = makeApplication({ issuer: ISSUER, client_secret: SECRET, managed: managedBy(provider) });
    const after = { ...before, ...changes(managedBy(provider)) };
    const old = providers.for([before]);
    await identityOf(old.of(before).verifyBearer(await provider.sign(claimsOf())));
    const next = providers.for([after]);
    old.release();
    await identityOf(next.of(after).verifyBearer(await provider.sign(claimsOf())));
    return provider.counts.jwks;
  }

  test.each<[string, Parameters<typeof readingsWith>[0]]>([
    ['nothing', () => ({})],
    ['its number at authentik', (managed) => ({ managed: { ...managed, pk: 8 } })],
    ['its name and secret', () => ({ name: 'Dashboards', client_secret: 'another secret of the client, 32 or more' })],
    ['its second issuer', (managed) => ({ managed: { ...managed, issuers: [ISSUER] } })],
    [
      'another endpoint',
      (managed) => ({ managed: { ...managed, metadata: { ...managed.metadata, userinfo_endpoint: `${ISSUER}me` } } }),
    ],
  ])('that changes %s keeps the key set', async (_, changes) => {
    expect(await readingsWith(changes)).toBe(1);
  });

  test('that reads the keys elsewhere, or in another way, reads them anew', async () => {
    const elsewhere = `${provider.issuer}/jwks?moved`;
    const readings = await readingsWith((managed) => ({
      managed: { ...managed, metadata: { ...managed.metadata, jwks_uri: elsewhere } },
    }));
    expect(readings).toBe(2);
    const insecure = await readingsWith((managed) => ({
      managed: { ...managed, access: { ...managed.access, insecure: true } },
    }));
    expect(insecure).toBe(4);
  });
});

describe('the address of a client behind an app password', () => {
  const TOKEN = 'the token of an outpost, which has more than 32 characters';

  async function ask(options: { token?: string; address?: string; origin?: string; browser?: string } = {}) {
    const seen = answerTokens(provider, await provider.sign(claimsOf()));
    const managed = managedBy(provider);
    const access = { ...managed.access, origin: options.origin ?? managed.access.origin };
    const application = makeApplication({
      issuer: ISSUER,
      client_secret: SECRET,
      managed: { ...managed, access },
    });
    const events = createEvents();
    const logged: unknown[] = [];
    events.on('log', (event) => logged.push(event));
    const { of } = shareProviders({ events }).for([application], options.token);
    const result = await of(application)
      .verifyAppPassword('alice', 'app-alice', options.address)
      .catch(() => undefined);
    const [request] = seen;
    return {
      kind: result?.kind,
      address: request?.headers['x-authentik-remote-ip'],
      token: request?.headers['x-authentik-outpost-token'],
      fields: [...(request?.form.keys() ?? [])].sort(),
      logged: JSON.stringify(logged),
    };
  }
  const fields = ['client_id', 'grant_type', 'password', 'scope', 'username'];

  test('is told to authentik, with the token of the outpost', async () => {
    expect(await ask({ token: TOKEN, address: '203.0.113.7' })).toMatchObject({
      kind: 'verified',
      address: '203.0.113.7',
      token: TOKEN,
      fields,
    });
  });

  test.each([
    ['the setting is off', { address: '203.0.113.7' }],
    ['it is unknown', { token: TOKEN, address: '' }],
    ['nobody says it', { token: TOKEN }],
  ])('is not where %s', async (_, options) => {
    expect(await ask(options)).toMatchObject({ kind: 'verified', address: undefined, token: undefined, fields });
  });

  test('Attack: the token does not go to another origin than AUTHENTIK_HOST, and not into the log', async () => {
    const { port } = new URL(provider.issuer);
    const elsewhere = await ask({ token: TOKEN, address: '203.0.113.7', origin: `http://localhost:${port}` });
    expect(elsewhere).toMatchObject({ kind: undefined, address: undefined, token: undefined });
    expect(elsewhere.logged).not.toContain(TOKEN);
    expect(elsewhere.logged).not.toContain('203.0.113.7');
  });

  test('no other request has it', async () => {
    const seen = answerTokens(provider, await provider.sign(claimsOf()));
    const application = makeApplication({ issuer: ISSUER, client_secret: SECRET, managed: managedBy(provider) });
    const { of } = shareProviders({ events: createEvents() }).for([application], TOKEN);
    await identityOf(of(application).exchangeCode(callbackUrl(), attempt));
    await of(application).refresh('refresh');
    expect(seen.map(({ headers }) => headers['x-authentik-outpost-token'])).toEqual([undefined, undefined]);
  });
});

describe('a certificate of an unknown authority', () => {
  let house: Certificate;
  let front: Server;
  let origin: string;
  beforeEach(async () => {
    house = makeCertificate(['localhost']);
    const id_token = await provider.sign(claimsOf());
    const tokens = { token_type: 'Bearer', access_token: 'opaque', expires_in: 300, id_token };
    const keys = await (await fetch(`${provider.issuer}/jwks`)).text();
    front = createServer({ key: readFileSync(house.key), cert: readFileSync(house.chain) }, (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(request.method === 'POST' ? JSON.stringify(tokens) : keys);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    origin = `https://localhost:${(front.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    front.close();
    front.closeAllConnections();
    house.remove();
  });

  function login(insecure: boolean) {
    const managed = managedBy(provider, { token_endpoint: `${origin}/token`, jwks_uri: `${origin}/jwks` });
    const access = { ...managed.access, origin, insecure };
    const { ours } = connectManaged(provider, {}, { managed: { ...managed, access } });
    return ours.exchangeCode(callbackUrl(), attempt);
  }

  test('makes a login impossible, and the log says what to set, the better remedy first', async () => {
    const error: unknown = await login(false).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderUnavailable);
    expect(causeOf(error as ProviderUnavailable)).toMatch(
      /the token endpoint https:\S+: .*its certificate is not trusted: NODE_EXTRA_CA_CERTS .*AUTHENTIK_INSECURE/,
    );
  });

  test('is taken with AUTHENTIK_INSECURE, for tokens and keys', async () => {
    expect(await identityOf(login(true))).toMatchObject({ issuer: ISSUER, sub: 'u-alice' });
  });
});
