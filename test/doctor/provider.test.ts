/** The doctor at a real provider that is broken in one way each. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../integration/certificate.ts';
import { changeDiscovery, redirectUri } from '../provider/fixture.ts';
import { freePort } from '../support/free_port.ts';
import { type Stand, startProvider, type TestProvider } from '../support/provider.ts';
import { examine, found, problems } from './fixture.ts';

const clients = [
  { client_id: 'grafana', client_secret: 'grafana-secret', redirect_uris: [redirectUri] },
  { client_id: 'elsewhere', client_secret: 'grafana-secret', redirect_uris: ['https://elsewhere.example.com/cb'] },
  { client_id: 'few', client_secret: 'grafana-secret', redirect_uris: [redirectUri], scope: 'openid email' },
  { client_id: 'public', redirect_uris: [redirectUri] },
];

let provider: TestProvider;
let issuer: string;
beforeEach(async () => {
  provider = await startProvider({ clients });
  ({ issuer } = provider);
});
afterEach(() => provider.close());

/** The provider's clock as its responses show it. */
async function showTime(ahead: number): Promise<void> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  const body = (await response.json()) as object;
  provider.stand('discovery', () => ({ body, headers: { date: new Date(Date.now() + ahead).toUTCString() } }));
}

it('finds nothing where all is well', async () => {
  const checks = await examine({ issuer });
  expect(problems(checks)).toEqual([]);
  for (const id of ['provider.keys', 'client.id', 'client.secret', 'client.redirect_uri', 'provider.clock'] as const)
    expect(found(checks, id), id).toMatchObject({ level: 'ok' });
  expect(checks.every((check) => check.remedy === undefined)).toBe(true);
});

/** A token endpoint that knows the secret in the body alone. */
const refuseBasic: Stand = (_body, { authorization }) =>
  authorization === undefined ? undefined : { status: 401, body: { error: 'invalid_client' } };

describe('the client', () => {
  it('a further host whose redirect URI is not registered is named', async () => {
    const hosts = ['https://www.example.com', 'https://*.apps.example.com'];
    const checks = await examine({ issuer, hosts });
    expect(problems(checks)).toEqual(['error client.redirect_uri']);
    const uris = checks.filter(({ id }) => id === 'client.redirect_uri');
    expect(uris).toHaveLength(2);
    expect(uris[0]).toMatchObject({ level: 'ok' });
    expect(uris[1]).toMatchObject({
      message: expect.stringContaining('https://www.example.com is not registered'),
      remedy: expect.stringContaining('https://www.example.com/outpost.goauthentik.io/callback'),
    });
  });

  it('a wrong client id is named', async () => {
    const checks = await examine({ issuer, client_id: 'grafanna' });
    expect(found(checks, 'client.id')).toMatchObject({ level: 'error', message: expect.stringContaining('grafanna') });
    expect(found(checks, 'client.redirect_uri')).toBeUndefined();
  });

  it('a wrong secret is named, and never shown', async () => {
    const checks = await examine({ issuer, client_secret: 'not-the-secret' });
    expect(problems(checks)).toContain('error client.secret');
    expect(found(checks, 'client.id')).toMatchObject({ level: 'ok' });
    expect(JSON.stringify(checks)).not.toMatch(/not-the-secret|grafana-secret/);
  });

  it('a redirect URI that is not registered is named, with the one to register', async () => {
    const checks = await examine({ issuer, client_id: 'elsewhere' });
    expect(problems(checks)).toEqual(['error client.redirect_uri']);
    expect(found(checks, 'client.redirect_uri')?.remedy).toContain(redirectUri);
    expect(found(checks, 'client.secret')).toMatchObject({ level: 'ok' });
  });

  it('a scope that is refused is named, and no other', async () => {
    const checks = await examine({ issuer, client_id: 'few', scopes: ['openid', 'email', 'profile'] });
    const check = found(checks, 'scopes.requested');
    expect(check).toMatchObject({ level: 'error', message: expect.stringMatching(/refuses profile:/) });
  });

  it('a scope that the provider does not list is a warning', async () => {
    const checks = await examine({ issuer, scopes: ['openid', 'offline_access', 'roles'] });
    expect(found(checks, 'scopes.requested')).toBeDefined();
    expect(problems(checks)).toEqual(['warning scopes.requested']);
  });

  it('a client that the provider takes in another way than it lists works, and the way is said', async () => {
    provider.stand('token', refuseBasic);
    const checks = await examine({ issuer });
    expect(found(checks, 'client.auth_method')?.message).toContain('takes client_secret_post, and refuses');
    expect(problems(checks)).toEqual([]);
  });

  it('a method that was set and is refused is named, with the one that is taken', async () => {
    provider.stand('token', refuseBasic);
    const checks = await examine({ issuer, token_endpoint_auth_method: 'client_secret_basic' });
    expect(problems(checks)).toEqual(['error client.auth_method']);
    expect(found(checks, 'client.auth_method')?.remedy).toContain('token_endpoint_auth_method: client_secret_post');
  });

  it('a public client has no secret to try', async () => {
    const checks = await examine({ issuer, client_id: 'public', client_secret: undefined });
    expect(problems(checks)).toEqual([]);
    expect(found(checks, 'client.secret')?.message).toContain('public');
  });

  it('a provider that looks at no secret before the code proves none', async () => {
    provider.stand('token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    expect(found(await examine({ issuer }), 'client.secret')).toMatchObject({ level: 'warning' });
  });

  it('a client without the grant for logins is named', async () => {
    const right = `Basic ${Buffer.from('grafana:grafana-secret').toString('base64')}`;
    provider.stand('token', (body, { authorization }) =>
      authorization === right || body.get('client_secret') === 'grafana-secret'
        ? { status: 400, body: { error: 'unauthorized_client' } }
        : { status: 401, body: { error: 'invalid_client' } },
    );
    expect(problems(await examine({ issuer }))).toContain('error grants.authorization_code');
  });

  it('a provider that has one word for a wrong secret and a wrong grant (Keycloak) gives any secret the same answer', async () => {
    provider.stand('token', () => ({ status: 401, body: { error: 'unauthorized_client' } }));
    expect(found(await examine({ issuer }), 'client.secret')).toMatchObject({
      level: 'error',
      remedy: expect.stringMatching(/client_secret.*standard flow/),
    });
  });

  it('a login for any client and any redirect URI proves nothing', async () => {
    provider.stand('authorization', () => ({ body: '<form><input type="password"></form>', type: 'text/html' }));
    provider.stand('token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    expect(problems(await examine({ issuer }))).toEqual([
      'warning client.secret',
      'warning client.id',
      'warning client.redirect_uri',
    ]);
  });

  it.each([
    [
      '<h1>Redirect URI Error</h1> The request fails due to a missing, invalid, or mismatching redirection URI',
      'client.redirect_uri',
    ],
    ['<p>Invalid parameter: redirect_uri</p>', 'client.redirect_uri'],
    ['<p>Client not found.</p>', 'client.id'],
  ])('the words of a page that says the same to all: %s', async (page, id) => {
    provider.stand('authorization', () => ({ status: 400, body: page, type: 'text/html' }));
    provider.stand('token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    expect(problems(await examine({ issuer }))).toContain(`error ${id}`);
  });
});

describe('sessions', () => {
  it('without offline_access they end with their token', async () => {
    const checks = await examine({ issuer, scopes: ['openid'] });
    expect(problems(checks)).toEqual(['warning scopes.offline_access']);
    expect(found(checks, 'scopes.offline_access')?.remedy).toContain('offline_access');
  });

  it('session_lifetime and access_type=offline need none', async () => {
    expect(problems(await examine({ issuer, scopes: ['openid'], session_lifetime: 3_600_000 }))).toEqual([]);
    const google = { access_type: 'offline' };
    expect(problems(await examine({ issuer, scopes: ['openid'], authorize_params: google }))).toEqual([]);
  });

  it('a provider without that scope or that grant is a warning', async () => {
    await changeDiscovery(provider, {
      scopes_supported: ['openid', 'profile', 'email'],
      grant_types_supported: ['authorization_code'],
    });
    expect(problems(await examine({ issuer }))).toEqual([
      'warning scopes.offline_access',
      'warning grants.refresh_token',
    ]);
  });

  it('no end-session endpoint is a warning', async () => {
    await changeDiscovery(provider, { end_session_endpoint: undefined });
    expect(problems(await examine({ issuer }))).toContain('warning provider.end_session');
  });
});

describe('bearer tokens', () => {
  it('without an introspection endpoint, bearer: introspect is an error, and otherwise none', async () => {
    await changeDiscovery(provider, { introspection_endpoint: undefined, scopes_supported: undefined });
    expect(problems(await examine({ issuer, bearer: 'introspect' }))).toEqual(['error provider.introspection']);
    expect(problems(await examine({ issuer }))).toEqual([]);
  });

  it('an endpoint that fails is an error where it is needed', async () => {
    provider.fail('introspection', 'error');
    expect(problems(await examine({ issuer, bearer: 'introspect' }))).toEqual(['error provider.introspection']);
    expect(problems(await examine({ issuer }))).toEqual(['warning provider.introspection']);
  });

  it('basic: password without the grant is a warning', async () => {
    await changeDiscovery(provider, {
      grant_types_supported: ['authorization_code', 'refresh_token'],
      scopes_supported: undefined,
    });
    expect(problems(await examine({ issuer, basic: 'password' }))).toEqual(['warning grants.password']);
  });
});

describe('the provider', () => {
  it.each([
    [90_000, 'error', 'ahead'],
    [-3_600_000, 'error', 'behind'],
    [40_000, 'warning', 'ahead'],
    [2000, 'ok', 'agree'],
  ])('a clock that is %i ms off is a case for %s', async (ahead, level, word) => {
    await showTime(ahead);
    const check = found(await examine({ issuer }), 'provider.clock');
    expect(check).toMatchObject({ level, message: expect.stringContaining(word) });
  });

  it('an issuer that is spelt otherwise is named as the provider spells it', async () => {
    const checks = await examine({ issuer: `${issuer}/` });
    expect(problems(checks)).toEqual(['error provider.issuer']);
    expect(found(checks, 'provider.issuer')?.remedy).toContain(`does: ${issuer}.`);
  });

  it('one that nobody runs cannot be reached', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const [check] = await examine({ issuer: nobody });
    expect(check).toMatchObject({
      id: 'provider.discovery',
      level: 'error',
      message: expect.stringContaining('nothing listens'),
    });
  });

  it.each(['error', 'nonsense', 'reset'] as const)('one that answers with %s cannot be used', async (failure) => {
    provider.fail('discovery', failure);
    expect(problems(await examine({ issuer }))).toEqual(['error provider.discovery']);
  });

  it('a slow one is a warning', async () => {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    const body = await response.json();
    let asked = 0;
    provider.stand('discovery', async () => {
      asked += 1;
      if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 2100));
      return { body };
    });
    expect(problems(await examine({ issuer }))).toEqual(['warning provider.discovery']);
  });

  it('keys that cannot be read, or are none, are an error', async () => {
    provider.fail('jwks', 'error');
    expect(problems(await examine({ issuer }))).toContain('error provider.keys');
    provider.fail('jwks', undefined);
    provider.stand('jwks', () => ({ body: { keys: [] } }));
    expect(problems(await examine({ issuer }))).toContain('error provider.keys');
  });

  it('PKCE with another method alone is a warning', async () => {
    await changeDiscovery(provider, { code_challenge_methods_supported: ['plain'], scopes_supported: undefined });
    expect(problems(await examine({ issuer }))).toEqual(['warning provider.pkce']);
  });

  it('a self-signed certificate is named, with the setting for it', async () => {
    const certificate = makeCertificate(['localhost']);
    const server = createServer({ key: readFileSync(certificate.key), cert: readFileSync(certificate.chain) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const checks = await examine({ issuer: `https://localhost:${port}` });
    expect(problems(checks)).toEqual(['error provider.certificate']);
    expect(found(checks, 'provider.certificate')?.remedy).toContain('issuer_ca_file');
    server.close();
    certificate.remove();
  });
});
