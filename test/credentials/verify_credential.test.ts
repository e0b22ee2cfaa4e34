/** Header authentication through a real OpenID provider: what it says yes to, and every kind of token that is none of ours. */
import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import type { HeaderResult } from '../../src/credentials/types.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createProviders } from '../../src/provider/providers.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { basic, makeApplication, makeReplica } from './fixture.ts';

const redirect_uris = ['http://files.localhost/callback'];
let provider: TestProvider;
let careless: TestProvider;
let replica: ReturnType<typeof makeReplica>;
let address = 0;

beforeAll(async () => {
  const clients = [
    { client_id: 'files', client_secret: 'files-secret', redirect_uris },
    { client_id: 'other', client_secret: 'other-secret', redirect_uris },
    { client_id: 'jwt', client_secret: 'jwt-secret', redirect_uris, access_tokens: 'authentik' as const },
  ];
  const users = [
    {
      sub: 'u-alice',
      username: 'alice',
      password: 'wonder:länd',
      app_passwords: ['app-alice', 'päss:wörd'],
      claims: { email: 'Alice@example.com', name: 'Alice' },
    },
    { sub: 'u-bob', username: 'bob', password: 'builder', claims: { email: 'bob@example.com' } },
  ];
  provider = await startProvider({ clients, users });
  careless = await startProvider({ clients, users, ignores_user_names: true });
});
afterAll(async () => {
  await provider.close();
  await careless.close();
});

const clock = {
  get at() {
    return Date.now();
  },
};
const open = () =>
  makeReplica({ clock, providers: (now, elapsed) => createProviders({ now, elapsed, events: createEvents() }) });
beforeEach(() => {
  replica = open();
  address = 0;
});
afterEach(() => {
  vi.useRealTimers();
  for (const endpoint of ['discovery', 'jwks', 'token', 'introspection'] as const) {
    provider.fail(endpoint, undefined);
    provider.stand(endpoint, undefined);
  }
});

const applicationOf = (fields: Partial<ApplicationConfig> = {}) =>
  makeApplication({ issuer: provider.issuer, client_id: 'files', client_secret: 'files-secret', ...fields });

/** Each from an address of its own, so that limits play no part. */
const ask = (header: string, fields: Partial<ApplicationConfig> = {}): Promise<HeaderResult> | HeaderResult =>
  replica.authenticate(header, { application: applicationOf(fields), clientAddress: `192.0.2.${++address}` });

async function getToken(client: string, user: string): Promise<Record<string, string>> {
  const body = { grant_type: 'password', username: user, password: user === 'alice' ? 'wonder:länd' : 'builder' };
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${client}-secret`)}` },
    body: new URLSearchParams({ ...body, scope: 'openid profile email' }),
  });
  return (await response.json()) as Record<string, string>;
}

describe('Basic', () => {
  it.each([
    ['user name', basic('alice', 'app-alice')],
    ['user name in another letter case', basic('ALICE', 'app-alice')],
    ['password of UTF-8 with a colon', basic('alice', 'päss:wörd')],
  ])('with an app password is accepted: %s', async (_what, header) => {
    expect(await ask(header)).toMatchObject({
      kind: 'accepted',
      live: {
        session: { sub: 'u-alice', authMethod: 'basic', user: { username: 'alice', email: 'Alice@example.com' } },
      },
    });
  });

  it.each([
    ['a wrong password', basic('alice', 'app-bob')],
    ['an unknown user', basic('mallory', 'app-alice')],
    ['the password of the login', basic('alice', 'wonder:länd')],
  ])('with %s is refused', async (_what, header) => {
    expect(await ask(header)).toEqual({ kind: 'refused' });
  });

  it('is refused where the provider does not look at the user name and vouches for its service account', async () => {
    const application = applicationOf({ issuer: careless.issuer });
    for (const user of ['alice', 'admin', 'u-service', 'files']) {
      expect(await replica.authenticate(basic(user, 'anything'), { application })).toEqual({ kind: 'refused' });
    }
    expect(careless.counts.token).toBe(4);
  });

  it('never sends the client\u2019s secret with an app password', async () => {
    const bodies: string[] = [];
    provider.stand('token', (body) => void bodies.push(body.toString()));
    await ask(basic('alice', 'app-alice'));
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain('grant_type=client_credentials');
    expect(bodies[0]).not.toContain('secret');
  });

  it('by the password grant is accepted where it is configured, and only there', async () => {
    const header = basic('alice', 'wonder:länd');
    expect(await ask(header, { slug: 'wiki', basic: 'password' })).toMatchObject({ kind: 'accepted' });
    expect(await ask(header)).toEqual({ kind: 'refused' });
    expect(await ask(basic('bob', 'wonder:länd'), { slug: 'wiki', basic: 'password' })).toEqual({ kind: 'refused' });
  });

  it('thirty times at once is one request', async () => {
    const before = provider.counts.token;
    const results = await Promise.all(Array.from({ length: 30 }, () => ask(basic('alice', 'app-alice'))));
    expect(new Set(results.map((result) => result.kind))).toEqual(new Set(['accepted']));
    expect(provider.counts.token - before).toBe(1);
  });

  it('with a changed password is refused within a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const alice = provider.users.find((user) => user.username === 'alice')!;
    const { app_passwords } = alice;
    const header = basic('alice', 'app-alice');
    expect(await ask(header)).toMatchObject({ kind: 'accepted' });
    alice.app_passwords = ['another'];
    expect(await ask(header)).toMatchObject({ kind: 'accepted' });
    vi.setSystemTime(Date.now() + 60_000);
    const result = await ask(header);
    alice.app_passwords = app_passwords!;
    expect(result).toEqual({ kind: 'refused' });
  });
});

describe('Bearer', () => {
  it('accepts a JWT of the provider for this client without a request', async () => {
    const { access_token, id_token } = await getToken('jwt', 'alice');
    const fields = { client_id: 'jwt', client_secret: 'jwt-secret' };
    const before = provider.counts.introspection;
    for (const token of [access_token, id_token]) {
      const result = await ask(`Bearer ${token}`, fields);
      expect(result).toMatchObject({ kind: 'accepted', live: { session: { sub: 'u-alice', jwt: token } } });
    }
    expect(await ask(basic('goauthentik.io/token', access_token!), fields)).toMatchObject({ kind: 'accepted' });
    expect(provider.counts.introspection).toBe(before);
  });

  it('has an opaque token looked up once, and again after a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { access_token } = await getToken('files', 'alice');
    const before = provider.counts.introspection;
    for (let n = 0; n < 20; n++) {
      expect(await ask(`Bearer ${access_token}`)).toMatchObject({ kind: 'accepted' });
    }
    expect(provider.counts.introspection - before).toBe(1);
    vi.setSystemTime(Date.now() + 60_000);
    await ask(`Bearer ${access_token}`);
    expect(provider.counts.introspection - before).toBe(2);
  });

  it('refuses an opaque token of another client, though it is active', async () => {
    const { access_token } = await getToken('other', 'alice');
    expect(await ask(`Bearer ${access_token}`)).toEqual({ kind: 'refused' });
  });

  it('takes a further audience where it is configured', async () => {
    const { access_token } = await getToken('jwt', 'alice');
    expect(await ask(`Bearer ${access_token}`)).toEqual({ kind: 'refused' });
    const fields = { slug: 'wiki', bearer_audiences: ['jwt'] };
    expect(await ask(`Bearer ${access_token}`, fields)).toMatchObject({ kind: 'accepted' });
  });

  it('ends with the token', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { access_token } = await getToken('jwt', 'alice');
    const fields = { client_id: 'jwt', client_secret: 'jwt-secret' };
    expect(await ask(`Bearer ${access_token}`, fields)).toMatchObject({ kind: 'accepted' });
    vi.setSystemTime(Date.now() + 299_000);
    expect(await ask(`Bearer ${access_token}`, fields)).toMatchObject({ kind: 'accepted' });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await ask(`Bearer ${access_token}`, fields)).toEqual({ kind: 'refused' });
  });
});

describe('a token that is none of ours', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const claims = () => ({
    iss: provider.issuer,
    aud: 'files',
    sub: 'u-alice',
    preferred_username: 'alice',
    iat: seconds(),
    exp: seconds() + 300,
  });
  const encode = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const keySet = async () =>
    ((await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: (JsonWebKey & { kid: string })[] }).keys;
  const forge = async (alg: string, key: (jwk: JsonWebKey) => string | Buffer) => {
    const [jwk] = await keySet();
    const text = `${encode({ alg, kid: jwk!.kid })}.${encode(claims())}`;
    return `${text}.${createHmac('sha256', key(jwk!)).update(text).digest('base64url')}`;
  };
  const pem = (jwk: JsonWebKey) => createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const without = (name: string) => Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name));
  const logout = { 'http://schemas.openid.net/event/backchannel-logout': {} };

  it('differs from one that is: this one is accepted', async () => {
    expect(await ask(`Bearer ${await provider.sign(claims())}`)).toMatchObject({ kind: 'accepted' });
  });

  it.each<[string, () => Promise<string>]>([
    ['signed with a key that is not published', () => provider.sign(claims(), { foreign: true })],
    ['alg none', async () => `${encode({ alg: 'none' })}.${encode(claims())}.`],
    ['alg None with a signature', async () => `${encode({ alg: 'None' })}.${encode(claims())}.c2ln`],
    ['HS256 with the public key as secret (PEM)', () => forge('HS256', pem)],
    ['HS256 with the modulus as secret', () => forge('HS256', (jwk) => Buffer.from(jwk.n!, 'base64url'))],
    ['HS256 with an empty secret', () => forge('HS256', () => '')],
    ['for another audience', () => provider.sign({ ...claims(), aud: 'other' })],
    ['for no audience', () => provider.sign(without('aud'))],
    ['an audience that only begins alike', () => provider.sign({ ...claims(), aud: 'files2' })],
    ['issued to another client', () => provider.sign({ ...claims(), aud: 'other', azp: 'other', client_id: 'other' })],
    ['an ID token for another client that names us', () => provider.sign({ ...claims(), aud: 'other', azp: 'files' })],
    ['expired', () => provider.sign({ ...claims(), exp: seconds() - 61 })],
    ['expired within the skew', () => provider.sign({ ...claims(), exp: seconds() - 30 })],
    ['without an end', () => provider.sign(without('exp'))],
    ['an end that is no number', () => provider.sign({ ...claims(), exp: 'never' as unknown as number })],
    ['not valid yet', () => provider.sign({ ...claims(), nbf: seconds() + 120 })],
    ['of another issuer', () => provider.sign({ ...claims(), iss: 'https://evil.example.com' })],
    ['of an issuer that only begins alike', () => provider.sign({ ...claims(), iss: `${provider.issuer}/` })],
    ['of no issuer', () => provider.sign(without('iss'))],
    ['of another provider', () => careless.sign({ ...claims(), iss: careless.issuer })],
    ['of another provider under our issuer', () => careless.sign(claims())],
    ['a logout token', () => provider.sign({ ...claims(), events: logout }, { typ: 'logout+jwt' })],
    ['a logout token without its type', () => provider.sign({ ...claims(), events: logout })],
    ['a refresh token', () => provider.sign({ ...claims(), typ: 'Refresh' })],
    ['of another type', () => provider.sign(claims(), { typ: 'secevent+jwt' })],
    ['for nobody', () => provider.sign(without('sub'))],
    ['with an unknown kid', () => provider.sign(claims(), { kid: 'unknown' })],
    ['with a kid that is a path', () => provider.sign(claims(), { kid: '../../../../dev/null', foreign: true })],
    ['with a kid that is a query', () => provider.sign(claims(), { kid: "x' UNION SELECT 'k", foreign: true })],
    [
      'with its key in its header',
      () => provider.sign(claims(), { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, foreign: true }),
    ],
    ['with a jku of its own', () => provider.sign(claims(), { jku: `${careless.issuer}/jwks`, foreign: true })],
    [
      'with an unknown crit',
      async () => (await provider.sign(claims())).replace(/^[^.]+/, encode({ alg: 'RS256', crit: ['x'], x: 1 })),
    ],
    ['cut off', async () => (await provider.sign(claims())).slice(0, -20)],
    ['without its signature', async () => (await provider.sign(claims())).replace(/[^.]+$/, '')],
    [
      'with other claims under the signature',
      async () => {
        const parts = (await provider.sign(claims())).split('.');
        return [parts[0], encode({ ...claims(), preferred_username: 'admin' }), parts[2]].join('.');
      },
    ],
    [
      'claims that are no JSON',
      async () => `${encode({ alg: 'RS256' })}.${Buffer.from('{').toString('base64url')}.c2ln`,
    ],
    ['five parts of nothing', async () => 'a.b.c.d.e'],
    ['three parts of nothing', async () => 'a.b.c'],
    ['bound to a key', () => provider.sign({ ...claims(), cnf: { jkt: 'x' } })],
  ])('is refused: %s', async (_what, make) => {
    expect(await ask(`Bearer ${await make()}`)).toEqual({ kind: 'refused' });
  });
});

describe('when the keys of the provider change', () => {
  it('a new key is found by one more reading, and unknown ones cost no more than three in a row with it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const fields = { client_id: 'jwt', client_secret: 'jwt-secret' };
    expect(await ask(`Bearer ${(await getToken('jwt', 'alice')).access_token}`, fields)).toMatchObject({
      kind: 'accepted',
    });
    const before = provider.counts.jwks;
    vi.setSystemTime(Date.now() + 61_000);
    await provider.rotateKeys();
    const { access_token } = await getToken('jwt', 'bob');
    expect(await ask(`Bearer ${access_token}`, fields)).toMatchObject({ kind: 'accepted' });
    expect(provider.counts.jwks - before).toBe(1);
    const claims = { iss: provider.issuer, aud: 'jwt', sub: 'u-alice', exp: Math.floor(Date.now() / 1000) + 300 };
    for (let n = 0; n < 20; n++) {
      const token = await provider.sign(claims, { kid: `unknown-${n}` });
      expect(await ask(`Bearer ${token}`, fields)).toEqual({ kind: 'refused' });
    }
    expect(provider.counts.jwks - before).toBe(3);
  });

  // Attack: invented key ids use up the readings just before the provider changes its keys, and the memory of refusals would
  // keep the right token out for ten seconds more.
  it('a token of the new key opens as soon as the keys can be read again, though it was refused a moment ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const fields = { client_id: 'jwt', client_secret: 'jwt-secret' };
    const claims = { iss: provider.issuer, aud: 'jwt', sub: 'u-alice', exp: Math.floor(Date.now() / 1000) + 300 };
    for (let n = 0; n < 4; n++) await ask(`Bearer ${await provider.sign(claims, { kid: `invented-${n}` })}`, fields);
    await provider.rotateKeys();
    const { access_token } = await getToken('jwt', 'bob');
    vi.setSystemTime(Date.now() + 18_000);
    expect(await ask(`Bearer ${access_token}`, fields)).toEqual({ kind: 'refused' });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await ask(`Bearer ${access_token}`, fields)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a provider at fault', () => {
  const alice = basic('alice', 'app-alice');

  it.each([
    'error',
    'busy',
    'nonsense',
    'reset',
  ] as const)('at the token endpoint (%s) is no refusal', async (failure) => {
    await ask(basic('bob', 'app-bob'));
    provider.fail('token', failure);
    for (let n = 0; n < 12; n++) {
      await expect(ask(alice)).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 });
    }
    provider.fail('token', undefined);
    expect(await ask(alice)).toMatchObject({ kind: 'accepted' });
  });

  it.each(['error', 'nonsense', 'reset'] as const)('at introspection (%s) is no refusal', async (failure) => {
    const { access_token } = await getToken('files', 'alice');
    provider.fail('introspection', failure);
    await expect(ask(`Bearer ${access_token}`)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('that was never found is no refusal', async () => {
    provider.fail('discovery', 'error');
    await expect(ask(alice)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('without its keys is no refusal', async () => {
    const { access_token } = await getToken('jwt', 'alice');
    provider.fail('jwks', 'error');
    const fields = { client_id: 'jwt', client_secret: 'jwt-secret' };
    await expect(ask(`Bearer ${access_token}`, fields)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it.each([
    ['no tokens', {}],
    ['no ID token', { access_token: 'x', token_type: 'Bearer' }],
    ['an ID token that is none', { access_token: 'x', token_type: 'Bearer', id_token: 'x.y.z' }],
    ['a list', []],
    ['null', null],
  ])('that answers %s is never a yes', async (_what, body) => {
    provider.stand('token', () => ({ body }));
    const result = await Promise.resolve(ask(alice)).catch((error) => error);
    expect(result.kind ?? result.code).toMatch(/^(refused|provider_unavailable)$/);
  });

  it('that hangs ends after ten seconds for all who asked together', async () => {
    await ask(basic('bob', 'app-bob'));
    provider.fail('token', 'hang');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = provider.counts.token;
    const asked = Promise.allSettled(Array.from({ length: 5 }, () => ask(alice)));
    while (provider.counts.token === before) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(10_000);
    const results = await asked;
    expect(provider.counts.token).toBe(before + 1);
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'provider_unavailable' } });
  });
});
