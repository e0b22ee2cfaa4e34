import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { acceptsDocument, acceptsIssuer, discoveryKey } from '../../src/provider/issuers.ts';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import {
  attempt,
  changeDiscovery,
  clients,
  connect,
  identityOf,
  refreshBy,
  rejectionOf,
  signInAtProvider,
} from './fixture.ts';

const of = (tenant: string) => `https://login.example.com/${tenant}/v2.0`;
const TEMPLATE = of('{tenantid}');
const issuer = of('common');

describe('a discovery document', () => {
  test.each<[string, string[], unknown, boolean]>([
    ['of the issuer', [], issuer, true],
    ['of another issuer', [], of('other'), false],
    ['of an issuer that differs by a slash', [], `${issuer}/`, false],
    ['without an issuer', [], undefined, false],
    ['whose issuer is no text', [], [issuer], false],
    ['with {tenantid}', [], TEMPLATE, false],
    ['with {tenantid}, for a listed tenant', [of('home')], TEMPLATE, true],
    ['of another issuer beside a list', [of('home')], of('other'), false],
    ['of a listed issuer', [of('home')], of('home'), true],
    ['with {tenantid}, at another host than the listed', [of('home')], 'https://evil.test/{tenantid}/v2.0', false],
    ['with {tenantid} alone', [of('home')], '{tenantid}', false],
    [
      'with {tenantid} over several parts of the path',
      ['https://a.test/x/y/v2.0'],
      'https://a.test/{tenantid}/v2.0',
      false,
    ],
  ])('%s', (_, allowed_issuers, own, accepted) =>
    expect(acceptsDocument({ issuer, allowed_issuers }, own)).toBe(accepted));
});

describe('a token', () => {
  test.each<[string, string[], string, object, boolean]>([
    ['of the issuer', [], issuer, { iss: issuer }, true],
    ['of another', [], issuer, { iss: of('other') }, false],
    ['without an issuer', [], issuer, {}, false],
    ['of several', [], issuer, { iss: [issuer] }, false],
    ['of a listed tenant', [of('a'), of('b')], TEMPLATE, { iss: of('b'), tid: 'b' }, true],
    ['of a listed tenant that names none', [of('a'), of('b')], TEMPLATE, { iss: of('b') }, true],
    ['of a listed tenant with the tid of another', [of('a'), of('b')], TEMPLATE, { iss: of('b'), tid: 'a' }, false],
    ['of a listed tenant whose tid is no text', [of('a')], TEMPLATE, { iss: of('a'), tid: ['a'] }, false],
    ['of a tenant that is not listed', [of('a')], TEMPLATE, { iss: of('x'), tid: 'x' }, false],
    [
      'of a tenant that is not listed, with the tid of one that is',
      [of('a')],
      TEMPLATE,
      { iss: of('x'), tid: 'a' },
      false,
    ],
    ['with the placeholder itself', [of('a')], TEMPLATE, { iss: TEMPLATE, tid: '{tenantid}' }, false],
    ['with the placeholder itself, for any tenant', [TEMPLATE], TEMPLATE, { iss: TEMPLATE, tid: '{tenantid}' }, false],
    ['of the configured issuer, which no tenant has', [of('a')], TEMPLATE, { iss: issuer, tid: 'common' }, false],
    ['of the configured issuer beside a list', [of('a')], issuer, { iss: issuer }, true],
    ['of any tenant, where that is allowed', [TEMPLATE], TEMPLATE, { iss: of('x'), tid: 'x' }, true],
    ['of any tenant, with the tid of another', [TEMPLATE], TEMPLATE, { iss: of('x'), tid: 'a' }, false],
    ['of any tenant, without tid', [TEMPLATE], TEMPLATE, { iss: of('x') }, false],
    ['of any tenant, with a path in its place', [TEMPLATE], TEMPLATE, { iss: of('a/../x'), tid: 'a/../x' }, false],
    [
      'of an older kind of the same tenant',
      ['https://sts.example.com/a/'],
      TEMPLATE,
      { iss: 'https://sts.example.com/a/', tid: 'a' },
      true,
    ],
  ])('%s', (_, allowed_issuers, document, claims, accepted) =>
    expect(acceptsIssuer({ issuer, allowed_issuers }, document, claims)).toBe(accepted));
});

test('applications share a discovery where all that it depends on is the same', () => {
  const key = (changes: Partial<ApplicationConfig>) => discoveryKey(makeApplication({ issuer, ...changes }));
  expect(key({ client_id: 'x', slug: 'y', scopes: ['openid'] })).toBe(key({}));
  const others = [
    { issuer: of('other') },
    { issuer_discovery_url: 'https://a.test/.well-known/openid-configuration' },
    { issuer_ca_file: '/ca.pem' },
    { allowed_issuers: [of('home')] },
    { allow_insecure_issuer: true },
  ];
  expect(new Set(['', ...others.map(key), key({})]).size).toBe(others.length + 2);
});

describe('a login at a provider of many tenants', () => {
  let provider: TestProvider;
  const tenant = (name: string) => `${provider.issuer}/${name}/v2.0`;
  beforeAll(async () => {
    provider = await startProvider({ clients });
    await changeDiscovery(provider, { issuer: tenant('{tenantid}') });
  });
  afterEach(() => provider.stand('token', undefined));
  afterAll(() => provider.close());
  const connected = () => connect(provider, { allowed_issuers: [tenant('home'), tenant('second')] }).ours;

  async function standWith(claims: object) {
    const iat = Math.floor(Date.now() / 1000);
    const right = {
      aud: 'grafana',
      sub: 'u-alice',
      preferred_username: 'alice',
      nonce: attempt.nonce,
      iat,
      exp: iat + 60,
    };
    const id_token = await provider.sign({ ...right, ...claims });
    provider.stand('token', () => ({ body: { access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token } }));
  }
  /** The provider itself names its plain issuer in the callback, which is none of a tenant. */
  async function callbackOf(ours: ReturnType<typeof connected>, iss?: string) {
    const callback = await signInAtProvider(ours);
    callback.searchParams.delete('iss');
    if (iss !== undefined) callback.searchParams.set('iss', iss);
    return callback;
  }

  test('makes an identity of the tenant', async () => {
    await changeDiscovery(provider, {
      issuer: tenant('{tenantid}'),
      authorization_response_iss_parameter_supported: false,
    });
    const ours = connected();
    for (const name of ['home', 'second']) {
      await standWith({ iss: tenant(name), tid: name });
      const identity = await identityOf(ours.exchangeCode(await callbackOf(ours), attempt));
      expect(identity).toMatchObject({ issuer: tenant(name), sub: 'u-alice' });
    }
  });

  test('may name the tenant in the callback too', async () => {
    const ours = connected();
    await standWith({ iss: tenant('home'), tid: 'home' });
    const identity = await identityOf(ours.exchangeCode(await callbackOf(ours, tenant('home')), attempt));
    expect(identity.issuer).toBe(tenant('home'));
  });

  test('Attack: strangers of another tenant, whose tokens the same keys sign', async () => {
    const ours = connected();
    for (const claims of [
      { iss: tenant('foreign'), tid: 'foreign' },
      { iss: tenant('home'), tid: 'foreign' },
    ]) {
      await standWith(claims);
      const { cause } = await rejectionOf(ours.exchangeCode(await callbackOf(ours), attempt), 'wrong_issuer');
      expect(cause?.message).toContain(`iss is "${claims.iss}", expected ["${tenant('home')}"`);
      expect(cause?.message).toContain('; tid is "foreign"');
    }
  });

  test('Attack: the callback of one tenant with the code of another (mix-up)', async () => {
    const ours = connected();
    await standWith({ iss: tenant('second'), tid: 'second' });
    await rejectionOf(ours.exchangeCode(await callbackOf(ours, tenant('home')), attempt), 'wrong_issuer');
    const foreign = await callbackOf(ours, tenant('foreign'));
    await rejectionOf(ours.exchangeCode(foreign, attempt), 'invalid_response');
  });

  test('Attack: a refresh that names the same sub of another tenant', async () => {
    const ours = connected();
    await standWith({ iss: tenant('home'), tid: 'home' });
    const before = await identityOf(ours.exchangeCode(await callbackOf(ours), attempt));
    await standWith({ iss: tenant('second'), tid: 'second' });
    await rejectionOf(refreshBy(ours, 'r', before), 'wrong_issuer');
    provider.stand('token', () => ({ body: { access_token: 'b', token_type: 'Bearer', expires_in: 60 } }));
    expect(await identityOf(refreshBy(ours, 'r', before))).toMatchObject({ issuer: tenant('home') });
  });

  test('a bearer token of a tenant that is not listed is refused, one that is listed is not', async () => {
    const ours = connected();
    const iat = Math.floor(Date.now() / 1000);
    const claims = { aud: 'grafana', sub: 'u-alice', preferred_username: 'alice', iat, exp: iat + 60 };
    const token = (name: string) => provider.sign({ ...claims, iss: tenant(name), tid: name });
    expect(await identityOf(ours.verifyBearer(await token('second')))).toMatchObject({ issuer: tenant('second') });
    await rejectionOf(ours.verifyBearer(await token('foreign')), 'wrong_issuer');
  });
});
