/** Attack: whoever answers in place of userinfo adds groups to a user. */
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { clients, connect, login } from './fixture.ts';

let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());
afterEach(() => {
  provider.stand('userinfo', undefined);
  provider.fail('userinfo', undefined);
});

const claims = (changes: object = {}) => ({
  iss: provider.issuer,
  aud: 'grafana',
  sub: 'u-bob',
  entitlements: ['everything'],
  ...changes,
});

/** Bob's entitlements after a login with this response of userinfo, and the last warning. */
async function entitlementsWith(body: unknown, type: string) {
  provider.stand('userinfo', () => ({ body, type }));
  const { ours, logged } = connect(provider);
  const { user } = await login(ours, 'bob');
  expect(user.username).toBe('bob');
  return { entitlements: user.entitlements, warning: logged.find(({ level }) => level === 'warn') };
}

describe('a response that counts', () => {
  test.each([
    ['JSON', 'application/json'],
    ['JSON with a charset', 'application/json; charset=UTF-8'],
    ['JSON of another name', 'Application/Vnd.Example+JSON'],
    ['JSON as a text', 'text/json'],
    ['JSON of an older name', 'application/x-json'],
  ])('%s', async (_, type) => {
    const result = await entitlementsWith(claims({ iss: undefined, aud: undefined }), type);
    expect(result).toEqual({ entitlements: ['everything'], warning: undefined });
  });

  test.each<[string, object, object, string]>([
    ['a JWT of the provider', {}, {}, 'application/jwt'],
    ['with a charset', {}, {}, 'Application/JWT; charset=utf-8'],
    ['with a type', {}, { typ: 'JWT' }, 'application/jwt'],
    ['with several audiences', { aud: ['other-client', 'grafana'] }, {}, 'application/jwt'],
    ['with an end to come', { exp: 4_000_000_000 }, {}, 'application/jwt'],
  ])('%s', async (_, changes, header, type) => {
    const body = await provider.sign(claims(changes), header);
    expect(await entitlementsWith(body, type)).toEqual({ entitlements: ['everything'], warning: undefined });
  });

  test('JSON that begins with a byte order mark', async () => {
    const result = await entitlementsWith(`\ufeff${JSON.stringify(claims())}`, 'application/json');
    expect(result.entitlements).toEqual(['everything']);
  });

  test('a JWT whose key is new', async () => {
    await provider.rotateKeys();
    const body = await provider.sign(claims());
    expect((await entitlementsWith(body, 'application/jwt')).entitlements).toEqual(['everything']);
  });
});

describe('a response that does not count: the login works without it, with a warning', () => {
  test.each<[string, object, object]>([
    ['signed by another key', {}, { foreign: true }],
    ['signed by an unknown key', {}, { foreign: true, kid: 'unknown' }],
    ['of another issuer', { iss: 'https://evil.example.com' }, {}],
    ['without an issuer', { iss: undefined }, {}],
    ['for another client', { aud: 'other-client' }, {}],
    ['for nobody', { aud: undefined }, {}],
    ['about another user', { sub: 'u-alice' }, {}],
    ['about nobody', { sub: undefined }, {}],
    ['about a list', { sub: ['u-bob'] }, {}],
    ['expired', { exp: 1_000_000 }, {}],
    ['from the future', { iat: 4_000_000_000 }, {}],
    ['a logout token', { events: {} }, {}],
    ['a refresh token', { typ: 'Refresh' }, {}],
    ['an access token', {}, { typ: 'at+jwt' }],
  ])('a JWT %s', async (_, changes, header) => {
    const body = await provider.sign(claims(changes), header);
    const { entitlements, warning } = await entitlementsWith(body, 'application/jwt');
    expect(entitlements).toEqual([]);
    expect(warning).toMatchObject({ event: 'provider.userinfo_ignored', application: 'grafana' });
  });

  test('a JWT without a signature, with the client secret as the key, encrypted, or JSON in its place', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part(claims())}.`;
    const encrypted = `${part({ alg: 'dir', enc: 'A256GCM' })}..${part({})}.${part(claims())}.x`;
    const secret = new TextEncoder().encode('grafana-secret');
    const symmetric = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    for (const body of [unsigned, encrypted, symmetric, JSON.stringify(claims()), 'a.b.c', '']) {
      expect((await entitlementsWith(body, 'application/jwt')).entitlements).toEqual([]);
    }
  });

  test.each<[string, unknown, string]>([
    ['another user', { sub: 'u-alice', entitlements: ['everything'] }, 'application/json'],
    ['no user', { entitlements: ['everything'] }, 'application/json'],
    ['a list', [{ sub: 'u-bob', entitlements: ['everything'] }], 'application/json'],
    ['null', null, 'application/json'],
    ['a page', '<p>hello</p>', 'text/html'],
    ['JSON that calls itself a page', { sub: 'u-bob', entitlements: ['everything'] }, 'text/html'],
    ['JSON without a type', { sub: 'u-bob', entitlements: ['everything'] }, ''],
    ['broken JSON', '{"sub":"u-bob"', 'application/json'],
    ['2 MiB', { sub: 'u-bob', entitlements: ['everything'], more: 'x'.repeat(2 ** 21) }, 'application/json'],
  ])('%s', async (_, body, type) => {
    const { entitlements, warning } = await entitlementsWith(body, type);
    expect(entitlements).toEqual([]);
    expect(warning).toMatchObject({ event: 'provider.userinfo_ignored' });
  });

  test.each(['error', 'busy', 'reset', 'hang'] as const)('an endpoint that fails: %s', async (failure) => {
    provider.fail('userinfo', failure);
    const { ours, logged } = connect(provider);
    expect((await login(ours, 'bob')).user).toMatchObject({ username: 'bob', entitlements: [] });
    expect(logged.at(-1)).toMatchObject({ level: 'warn', event: 'provider.userinfo_ignored' });
  });
});

describe('the warning', () => {
  test.each<[string, object, RegExp]>([
    [
      'a refusal',
      { status: 401, body: { error: 'invalid_token' } },
      /refused the token with status 401: invalid_token$/,
    ],
    [
      'a challenge',
      { status: 401, headers: { 'www-authenticate': 'Bearer realm="x", error="insufficient_scope"' } },
      /status 401: insufficient_scope$/,
    ],
    ['a refusal without words', { status: 404, body: '' }, /status 404$/],
    ['an outage', { status: 503, body: '' }, /status 503$/],
    ['a page', { status: 200, body: '<p>', type: 'text/html' }, /the content type "text\/html"$/],
    ['another user', { status: 200, body: { sub: 'u-alice' } }, /another subject \(sub\)$/],
  ])('names the endpoint and what it answered: %s', async (_, response, words) => {
    provider.stand('userinfo', () => ({ body: '', ...response }));
    const { ours, logged } = connect(provider);
    await login(ours, 'bob');
    const { message } = logged.find(({ event }) => event === 'provider.userinfo_ignored') ?? {};
    expect(message).toMatch(words);
    expect(message).toContain(`${provider.issuer}/`);
  });
});

describe('asked only where something is lacking', () => {
  /** Bob after a login with this response of userinfo, and how often it was asked. */
  async function bobWith(changes: Parameters<typeof connect>[1], body: object = {}) {
    let asked = 0;
    provider.stand('userinfo', () => {
      asked += 1;
      return { body: { sub: 'u-bob', entitlements: ['everything'], ...body } };
    });
    const { user } = await login(connect(provider, changes).ours, 'bob');
    return { user, asked };
  }
  const scopes = ['openid', 'profile', 'email'];

  test('a mapping to claims that the ID token has makes no request', async () => {
    const complete = { scopes, claims: { entitlements: ['groups'] } };
    expect((await bobWith(complete)).asked).toBe(0);
    expect((await bobWith({ scopes })).asked).toBe(1);
    expect((await bobWith({ ...complete, claims: { ...complete.claims, sub: ['employee'] } })).asked).toBe(1);
  });

  test('what userinfo alone has in another shape or under another name is found', async () => {
    const claims = {
      groups: ['https://example.com/claims.roles'],
      preferred_username: ['nickname', 'preferred_username'],
    };
    const body = { 'https://example.com/claims': { roles: { admins: {}, users: {} } }, nickname: 'root' };
    const { user } = await bobWith({ scopes, claims }, body);
    expect(user).toMatchObject({ username: 'bob', groups: ['admins', 'users'] });
  });

  test('a claim that is not understood, and groups that are elsewhere, are named once', async () => {
    const body = { odd: [['x']], _claim_names: { memberOf: 'src1' } };
    provider.stand('userinfo', () => ({ body: { sub: 'u-bob', ...body } }));
    const { ours, logged } = connect(provider, { claims: { entitlements: ['odd'], groups: ['memberOf'] } });
    for (const _ of [1, 2]) expect(await login(ours, 'bob')).toMatchObject({ user: { groups: [], entitlements: [] } });
    const warnings = logged.filter(({ event }) => event.startsWith('claims.'));
    expect(warnings.map(({ event, level }) => [event, level])).toEqual([
      ['claims.left_out_by_provider', 'warn'],
      ['claims.unreadable', 'warn'],
    ]);
    expect(warnings[0]?.message).toContain('_claim_names');
    expect(warnings[1]?.message).toContain('odd');
  });
});
