/** Header credentials: Basic and Bearer. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  dialects,
  fetchTokens,
  from,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  people,
  seconds,
  send,
  signedIn,
  startContract,
} from './setup.ts';

const app = 'https://app.example.com';
let clock = 0;
let site: Contract;
let port: number;
const jurgen = {
  sub: 'u-j',
  username: 'jürgen',
  password: 'grün:blau',
  app_passwords: ['päss:wörd:山', '', ':'],
  claims: { name: 'J', email: 'J.R@Example.com' },
};
beforeAll(async () => {
  const [alice, bob] = structuredClone(people);
  const users = [alice!, { ...bob!, app_passwords: Array.from({ length: 40 }, (_, i) => `bob-${i}`) }, jurgen];
  site = await startContract('', { users, access_token_ttl: 300 });
  await fresh();
});
afterAll(() => site.close());

/** A Gatepost that has counted no refusals yet, at the present time. */
async function fresh() {
  clock = 0;
  port = (await site.another('session_max_age: 24h', { now: () => Date.now() + clock })).http.port;
}

let address = 0;
/** An address of its own for each test, since limits count by address. */
let here: [string, string];
beforeEach(() => {
  address += 1;
  here = from(`198.51.100.${address % 250}`);
});

const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];
const at = (slug: string, headers: Pairs) => ask(port, 'traefik', `${hostOf(slug)}/page`, [here, ...headers]);
const refused = async (slug: string, ...headers: Pairs) => {
  const reply = await at(slug, [...headers, ['X-Authentik-No-Redirect', '1']]);
  expect(reply.status).toBe(401);
  expect(reply.get('x-gatepost-reason')).toBe('credentials_refused');
  expect(reply.all('set-cookie')).toEqual([]);
  expect(reply.all('www-authenticate')).toHaveLength(2);
};
const accepted = async (slug: string, user: string, ...headers: Pairs) => {
  const reply = await at(slug, headers);
  expect(reply.status).toBe(200);
  expect(reply.utf8('x-authentik-username')).toBe(user);
  expect(reply.all('authorization')).toEqual([]);
  return reply;
};

describe('no-redirect with the value basic', () => {
  const only = ['Basic realm="Site grafana", charset="UTF-8"'];
  const wish = (value: string): [string, string] => ['X-Authentik-No-Redirect', value];

  test.each(
    dialects,
  )('%s: by header or in the forwarded URL, in any letter case: the challenge for Basic alone', async (dialect) => {
    for (const value of ['basic', 'Basic', 'BASIC']) {
      const byHeader = await ask(port, dialect, `${app}/page`, [here, wish(value), ...navigation]);
      const forwarded = `${app}/page?a=1&X-Authentik-No-Redirect=${value}`;
      const byQuery = await ask(port, dialect, forwarded, [here, ...navigation]);
      for (const reply of [byHeader, byQuery]) {
        expect([value, reply.status, reply.all('location')]).toEqual([value, 401, []]);
        expect(reply.all('www-authenticate')).toEqual(only);
      }
    }
    for (const value of ['', '1', 'basi', 'basic,', 'bearer']) {
      const reply = await ask(port, dialect, `${app}/page`, [here, wish(value), ...navigation]);
      expect([value, reply.status, reply.all('www-authenticate').length]).toEqual([value, 401, 2]);
    }
  });

  test("in the query of the auth endpoint's own URL", async () => {
    const forwarded: Pairs = [here, ['X-Original-URL', `${app}/`], ...navigation];
    for (const [name, count] of [
      ['basic', 1],
      ['BASIC', 1],
      ['1', 2],
    ] as const) {
      const reply = await send(port, `${OUTPOST}/auth/nginx?X-Authentik-no-redirect=${name}`, forwarded);
      expect([name, reply.status, reply.all('www-authenticate').length]).toEqual([name, 401, count]);
    }
  });

  test('a refused credential gets the same challenge, with intercept_header_auth too; a valid one is accepted', async () => {
    for (const slug of ['grafana', 'intercept']) {
      const reply = await at(slug, [basic('bob', `wrong for ${slug}`), wish('basic')]);
      expect([reply.status, reply.get('x-gatepost-reason')]).toEqual([401, 'credentials_refused']);
      expect(reply.all('www-authenticate')).toEqual([`Basic realm="Site ${slug}", charset="UTF-8"`]);
    }
    await accepted('grafana', 'bob', basic('bob', 'bob-20'), wish('basic'));
  });
});

describe('Basic with an app password', () => {
  test('the client credentials grant, without the secret of the client', async () => {
    const bodies: URLSearchParams[] = [];
    site.provider.stand('token', (body) => void bodies.push(new URLSearchParams(body)));
    await accepted('grafana', 'bob', basic('bob', 'bob-0'));
    site.provider.stand('token', undefined);
    const [body] = bodies;
    expect(Object.fromEntries(body!)).toMatchObject({
      grant_type: 'client_credentials',
      client_id: 'grafana',
      username: 'bob',
      password: 'bob-0',
    });
    expect(body!.get('scope')?.split(' ')).toContain('openid');
    expect(body!.has('client_secret')).toBe(false);
    expect(bodies).toHaveLength(1);
  });

  test.each(['basic', 'BASIC', 'bAsIc'])('the scheme as %s', async (scheme) => {
    const [name, value] = basic('bob', 'bob-1');
    await accepted('grafana', 'bob', [name, value.replace('Basic', scheme)]);
  });

  test.each(['bob', 'BOB', 'Bob'])('the user name as %s', async (name) => {
    await accepted('grafana', 'bob', basic(name, 'bob-2'));
  });

  test('UTF-8 and colons in user name and password', async () => {
    await accepted('grafana', 'jürgen', basic('jürgen', 'päss:wörd:山'));
  });

  test('an empty password is only what the provider says it is', async () => {
    await refused('grafana', basic('bob', ''));
  });

  test('the cookie that comes with it is a session of its own', async () => {
    const reply = await accepted('grafana', 'bob', basic('bob', 'bob-3'));
    const line = reply.get('set-cookie')!;
    expect(line.length).toBeLessThanOrEqual(200);
    expect(line.toLowerCase()).toMatch(/httponly/);
    const before = site.provider.counts.token;
    const again = await at('grafana', [['Cookie', line.split(';')[0]!]]);
    expect(again.get('x-authentik-username')).toBe('bob');
    expect(site.provider.counts.token).toBe(before);
  });

  test('the wrong user name in the ID token, as of a provider that ignores user names', async () => {
    const loose = await startContract('', { ignores_user_names: true });
    const reply = await ask(loose.port, 'traefik', `${app}/page`, [
      basic('alice', 'anything'),
      ['X-Authentik-No-Redirect', '1'],
    ]);
    expect(reply.status).toBe(401);
    expect(reply.get('x-gatepost-reason')).toBe('credentials_refused');
    await loose.close();
  });

  test('the e-mail names the user too, in any letter case', async () => {
    const claims = {
      iss: site.provider.issuer,
      aud: 'grafana',
      sub: 'u-j',
      preferred_username: 'jürgen',
      email: 'J.R@Example.com',
      iat: seconds(),
      exp: seconds() + 300,
    };
    const id_token = await site.provider.sign(claims);
    site.provider.stand('token', () => ({
      body: { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token },
    }));
    const reply = await at('grafana', [basic('j.r@example.COM', 'mail')]);
    const otherUser = await at('grafana', [basic('j.r@example.org', 'mail')]);
    site.provider.stand('token', undefined);
    expect(reply.status).toBe(200);
    expect(otherUser.status).not.toBe(200);
  });

  test.each<[string, (claims: Record<string, unknown>) => unknown]>([
    [
      'another audience',
      (claims) => {
        claims.aud = 'plain';
      },
    ],
    [
      'another issuer',
      (claims) => {
        claims.iss = 'https://evil.example';
      },
    ],
    [
      'expired',
      (claims) => {
        claims.exp = seconds() - 100;
      },
    ],
    [
      'no user name',
      (claims) => {
        delete claims.preferred_username;
        delete claims.email;
      },
    ],
    [
      'a user name that is no text',
      (claims) => {
        claims.preferred_username = ['bob'];
        delete claims.email;
      },
    ],
  ])('an invalid ID token (%s) is refused', async (_, change) => {
    const claims: Record<string, unknown> = {
      iss: site.provider.issuer,
      aud: 'grafana',
      sub: 'u-bob',
      preferred_username: 'bob',
      iat: seconds() - 200,
      exp: seconds() + 300,
    };
    change(claims);
    const id_token = await site.provider.sign(claims);
    site.provider.stand('token', () => ({
      body: { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token },
    }));
    const reply = await at('grafana', [basic('bob', `never-${address}`)]);
    site.provider.stand('token', undefined);
    expect(reply.status).not.toBe(200);
  });

  test('a response without an ID token is refused', async () => {
    site.provider.stand('token', () => ({ body: { access_token: 'x', token_type: 'Bearer', expires_in: 300 } }));
    const reply = await at('grafana', [basic('bob', 'no-id-token')]);
    site.provider.stand('token', undefined);
    expect(reply.status).not.toBe(200);
  });
});

describe('broken headers are refusals, never a crash', () => {
  test.each([
    'Basic',
    'Basic ',
    'Basic %%%',
    'Basic ====',
    'Basic Ym9i',
    'Basic Ym9iOmJvYi0w!',
    `Basic ${Buffer.from([0x62, 0x6f, 0x62, 0x3a, 0xff, 0xfe]).toString('base64')}`,
    'Basic Ym9iOmJvYi0w Ym9iOmJvYi0w',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer ..',
    'Bearer a.b.c',
    `Bearer ${'x'.repeat(20_000)}`,
    'Bearer \xff\xfe',
  ])('%s', async (value) => {
    const reply = await at('grafana', [['Authorization', value], ...navigation]);
    expect([302, 401]).toContain(reply.status);
    const optional = await ask(port, 'traefik', `${app}/optional`, [here, ['Authorization', value]]);
    expect(optional.status).toBe(200);
    expect(optional.get('x-authentik-username')).toBe('');
  });

  test('two Authorization headers are refused, whichever is valid', async () => {
    const good = basic('bob', 'bob-4');
    for (const headers of [
      [good, basic('x', 'y')],
      [basic('x', 'y'), good],
      [good, good],
    ] as Pairs[]) {
      expect((await at('grafana', headers)).status).not.toBe(200);
    }
  });
});

describe('the other modes of Basic', () => {
  test('basic: password uses the password grant, with client authentication', async () => {
    const bodies: URLSearchParams[] = [];
    site.provider.stand('token', (body) => void bodies.push(new URLSearchParams(body)));
    await accepted('password', 'bob', basic('bob', 'builder'));
    site.provider.stand('token', undefined);
    expect(bodies[0]!.get('grant_type')).toBe('password');
    await accepted('password', 'jürgen', basic('jürgen', 'grün:blau'));
    await refused('password', basic('bob', 'bob-0'));
  });

  test('basic: off leaves the header to the application, and the provider is not asked', async () => {
    const before = site.provider.counts.token;
    const anonymous = await at('off', [basic('bob', 'bob-0'), ...navigation]);
    expect(anonymous.status).toBe(302);
    expect(anonymous.get('x-gatepost-reason')).toBe('no_credentials');
    const cookie = await signedIn(site, 'off', 'bob', port);
    const own = basic('local', 'user');
    expect((await at('off', [cookie, own])).get('authorization')).toBe(own[1]);
    expect(site.provider.counts.token - before).toBe(1);
  });

  test('goauthentik.io/token: the password is a bearer token', async () => {
    const { id_token } = await fetchTokens(site, 'grafana');
    await accepted('grafana', 'alice', basic('goauthentik.io/token', id_token));
    await refused('grafana', basic('goauthentik.io/token', 'bob-0'));
  });
});

describe('Bearer with a JWT', () => {
  const claims = (): Record<string, unknown> => ({
    iss: site.provider.issuer,
    aud: 'grafana',
    sub: 'u-alice',
    preferred_username: 'alice',
    iat: seconds() - 10,
    exp: seconds() + 250,
  });
  test.each(['Bearer', 'bearer', 'BEARER'])('verified locally, as %s', async (scheme) => {
    const token = await site.provider.sign({ ...claims(), jti: scheme });
    const before = { ...site.provider.counts };
    const reply = await accepted('grafana', 'alice', ['Authorization', `${scheme} ${token}`]);
    expect(reply.get('set-cookie')).toMatch(/^__Host-authentik_proxy_/);
    expect(site.provider.counts.introspection).toBe(before.introspection);
    expect(site.provider.counts.token).toBe(before.token);
    expect((await at('grafana', [bearer(token)])).all('set-cookie')).toEqual([]);
  });

  test("authentik's access token", async () => {
    const { access_token } = await fetchTokens(site, 'tokens');
    const reply = await accepted('tokens', 'alice', bearer(access_token));
    expect(reply.get('x-authentik-jwt')).toBe(access_token);
  });

  test('a token that is signed for this client is accepted', async () => {
    await accepted('grafana', 'alice', bearer(await site.provider.sign({ ...claims(), jti: 'good' })));
    await accepted(
      'grafana',
      'alice',
      bearer(await site.provider.sign({ ...claims(), aud: ['x', 'grafana'], azp: 'grafana' })),
    );
  });

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bad: [string, () => Promise<string>][] = [
    ['for another client', async () => (await fetchTokens(site, 'plain')).id_token],
    ['for another client, as access token', async () => (await fetchTokens(site, 'tokens')).access_token],
    ['without audience', () => site.provider.sign({ ...claims(), aud: undefined })],
    ['with an empty audience', () => site.provider.sign({ ...claims(), aud: [] })],
    ['of another issuer', () => site.provider.sign({ ...claims(), iss: 'https://evil.example' })],
    ['without issuer', () => site.provider.sign({ ...claims(), iss: undefined })],
    ['with a trailing slash on the issuer', () => site.provider.sign({ ...claims(), iss: `${site.provider.issuer}/` })],
    ['expired', () => site.provider.sign({ ...claims(), exp: seconds() - 120 })],
    ['without exp', () => site.provider.sign({ ...claims(), exp: undefined })],
    ['not yet valid', () => site.provider.sign({ ...claims(), nbf: seconds() + 120 })],
    ['with a foreign key', () => site.provider.sign(claims(), { foreign: true })],
    ['with alg none', async () => `${encode({ alg: 'none' })}.${encode(claims())}.`],
    ['with alg NoNe and a signature', async () => `${encode({ alg: 'NoNe' })}.${encode(claims())}.${'A'.repeat(86)}`],
    [
      'a logout token',
      () =>
        site.provider.sign(
          { ...claims(), events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
          { typ: 'logout+jwt' },
        ),
    ],
    [
      'a logout token without typ',
      () => site.provider.sign({ ...claims(), events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
    ],
    ['of another type', () => site.provider.sign(claims(), { typ: 'dpop+jwt' })],
    [
      'with a changed payload',
      async () => {
        const [head, , signature] = (await site.provider.sign(claims())).split('.');
        return `${head}.${encode({ ...claims(), preferred_username: 'admin' })}.${signature}`;
      },
    ],
    [
      'with a changed signature',
      async () => {
        const token = await site.provider.sign(claims());
        return `${token.slice(0, -10)}${token.slice(-10, -1) === 'AAAAAAAAA' ? 'B' : 'A'}AAAAAAAAA`;
      },
    ],
    [
      'signed with the client secret',
      async () => {
        const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims())}`;
        return `${text}.${createHmac('sha256', 'grafana-client-secret').update(text).digest('base64url')}`;
      },
    ],
    [
      'signed with the public key as a shared one',
      async () => {
        const jwks = await (await fetch(`${site.provider.issuer}/jwks`)).text();
        const text = `${encode({ alg: 'HS256', kid: JSON.parse(jwks).keys[0].kid })}.${encode(claims())}`;
        return `${text}.${createHmac('sha256', jwks).update(text).digest('base64url')}`;
      },
    ],
    [
      'with its own key inside',
      async () => {
        const token = await site.provider.sign(claims(), { foreign: true });
        const jwks = (await (await fetch(`${site.provider.issuer}/jwks`)).json()) as { keys: object[] };
        return `${encode({ alg: 'RS256', jwk: jwks.keys[0], jku: 'http://127.0.0.1:9/' })}.${token.split('.').slice(1).join('.')}`;
      },
    ],
  ];
  test.each(bad)('%s: refused', async (_, make) => {
    await refused('grafana', bearer(await make()));
  });

  test('bearer_audiences are accepted too, and no others', async () => {
    await accepted('audience', 'alice', bearer((await fetchTokens(site, 'grafana')).id_token));
    await accepted('audience', 'alice', bearer((await fetchTokens(site, 'audience')).id_token));
    await refused('audience', bearer((await fetchTokens(site, 'plain')).id_token));
  });

  test('new keys: an unknown kid makes one re-read, at most three in a row', async () => {
    await fresh();
    await accepted('grafana', 'alice', bearer(await site.provider.sign({ ...claims(), jti: 'before' })));
    await site.provider.rotateKeys({ keep: true });
    clock = 61_000;
    const before = site.provider.counts.jwks;
    await accepted('grafana', 'alice', bearer(await site.provider.sign({ ...claims(), jti: 'rotated' })));
    expect(site.provider.counts.jwks - before).toBe(1);
    for (let i = 0; i < 5; i += 1) {
      await refused(
        'grafana',
        bearer(await site.provider.sign({ ...claims(), jti: `u${i}` }, { kid: `unknown-${i}`, foreign: true })),
      );
    }
    expect(site.provider.counts.jwks - before).toBeLessThanOrEqual(3);
  });

  // Attack: a client of the provider lets itself in wherever "any user" may, under an empty user name.
  test('a token that names no user: refused, unless bearer_machines says otherwise', async () => {
    const machine = (aud: string) =>
      site.provider.sign({ iss: site.provider.issuer, aud, sub: 'robot', client_id: 'robot', exp: seconds() + 600 });
    await refused('grafana', bearer(await machine('grafana')));
    await accepted('machines', 'robot', bearer(await machine('machines')));
    await accepted('machines', 'alice', bearer((await fetchTokens(site, 'machines')).id_token));
  });
});

describe('Bearer by introspection', () => {
  test('an opaque token of this client', async () => {
    const { access_token } = await fetchTokens(site, 'grafana', 'bob');
    expect(access_token).not.toContain('.');
    const before = site.provider.counts.introspection;
    await accepted('grafana', 'bob', bearer(access_token));
    await accepted('grafana', 'bob', bearer(access_token));
    expect(site.provider.counts.introspection - before).toBe(1);
  });

  test("another client's opaque token is active, and refused", async () => {
    await refused('grafana', bearer((await fetchTokens(site, 'plain')).access_token));
  });

  test('an unknown opaque token is refused', () => refused('grafana', bearer('an-unknown-opaque-token')));

  test('bearer: introspect asks for JWTs as well', async () => {
    const { access_token } = await fetchTokens(site, 'introspect', 'bob');
    const before = site.provider.counts.introspection;
    await accepted('introspect', 'bob', bearer(access_token));
    const { id_token } = await fetchTokens(site, 'introspect', 'bob');
    await at('introspect', [bearer(id_token)]);
    expect(site.provider.counts.introspection - before).toBe(2);
  });

  test.each<[string, object]>([
    ['active: false', { active: false, client_id: 'introspect', sub: 'u-bob', username: 'bob' }],
    ['active as text', { active: 'true', client_id: 'introspect', sub: 'u-bob', username: 'bob' }],
    ['no active', { client_id: 'introspect', sub: 'u-bob', username: 'bob' }],
    ['another client', { active: true, client_id: 'plain', sub: 'u-bob', username: 'bob' }],
    ['no client', { active: true, sub: 'u-bob', username: 'bob' }],
    ['another audience', { active: true, aud: ['plain'], sub: 'u-bob', username: 'bob' }],
    ['expired', { active: true, client_id: 'introspect', sub: 'u-bob', username: 'bob', exp: 1 }],
  ])('an introspection response that does not accept: %s', async (name, body) => {
    site.provider.stand('introspection', () => ({ body }));
    const reply = await at('introspect', [bearer(`opaque-${name.replaceAll(/\W/g, '')}`)]);
    site.provider.stand('introspection', undefined);
    expect(reply.status).not.toBe(200);
  });
});

describe('cheap repetition', () => {
  test('thirty at once ask the provider once and make one session', async () => {
    const before = site.provider.counts.token;
    const replies = await Promise.all(Array.from({ length: 30 }, () => at('grafana', [basic('bob', 'bob-5')])));
    expect(new Set(replies.map((one) => one.status))).toEqual(new Set([200]));
    const cookies = new Set(replies.flatMap((one) => one.all('set-cookie')).map((line) => line.split(';')[0]));
    expect(cookies.size).toBe(1);
    expect(site.provider.counts.token - before).toBe(1);
  });

  test('a hundred in a row cause one request to the provider; after a minute one more', async () => {
    const before = site.provider.counts.token;
    for (let i = 0; i < 100; i += 1) expect((await at('grafana', [basic('bob', 'bob-6')])).status).toBe(200);
    expect(site.provider.counts.token - before).toBe(1);
    clock += 61_000;
    for (let i = 0; i < 5; i += 1) expect((await at('grafana', [basic('bob', 'bob-6')])).status).toBe(200);
    expect(site.provider.counts.token - before).toBeLessThanOrEqual(2);
  });

  test("never beyond the token's exp", async () => {
    const { id_token } = await fetchTokens(site, 'grafana', 'bob');
    clock = 0;
    await accepted('grafana', 'bob', bearer(id_token));
    clock = 400_000;
    expect((await at('grafana', [bearer(id_token)])).status).not.toBe(200);
    clock = 0;
  });

  test('per application: a credential that one accepts is verified again at the other', async () => {
    await accepted('grafana', 'bob', basic('bob', 'bob-7'));
    const before = site.provider.counts.token;
    await accepted('port', 'bob', basic('bob', 'bob-7'));
    expect(site.provider.counts.token - before).toBe(1);
    const { id_token } = await fetchTokens(site, 'grafana');
    await accepted('grafana', 'alice', bearer(id_token));
    await refused('port', bearer(id_token));
  });
});

describe('refusals', () => {
  test('count as no header: it is passed on where the path is open, and a navigation goes to the login', async () => {
    const own = basic('local', 'whatever');
    const optional = await ask(port, 'traefik', `${app}/optional`, [here, own]);
    expect(optional.status).toBe(200);
    expect(optional.get('authorization')).toBe(own[1]);
    const visit = await at('grafana', [own, ...navigation]);
    expect(visit.status).toBe(302);
    expect(visit.all('www-authenticate')).toEqual([]);
  });

  test('are remembered for 10 s', async () => {
    const wrong = basic('bob', 'wrong-for-ten-seconds');
    const before = site.provider.counts.token;
    for (let i = 0; i < 5; i += 1) await refused('grafana', wrong);
    expect(site.provider.counts.token - before).toBe(1);
    clock += 11_000;
    await refused('grafana', wrong);
    expect(site.provider.counts.token - before).toBe(2);
  });

  test('a session is not disturbed by a wrong header beside it', async () => {
    const cookie = await signedIn(site, 'grafana', 'alice', port);
    const reply = await at('grafana', [cookie, basic('alice', 'wrong')]);
    expect(reply.status).toBe(200);
    expect(reply.get('x-authentik-username')).toBe('alice');
  });

  const guess = (
    user: string,
    i: number,
    dialect: (typeof dialects)[number] = 'traefik',
    where = from(`203.0.113.${i}`),
  ) =>
    ask(port, dialect, `${app}/page`, [
      where,
      basic(user, `guess-${user}-${i}-${address}`),
      ['X-Authentik-No-Redirect', '1'],
    ]);

  test('ten a minute for one user name from one address, in any letter case: then 429 and the provider is not asked', async () => {
    await fresh();
    await accepted('grafana', 'bob', basic('bob', 'bob-8'));
    const cookie = await signedIn(site, 'grafana', 'bob', port);
    const attacker = from('203.0.113.50');
    const names = ['bob', 'BOB', 'Bob', 'bOb'];
    for (let i = 0; i < 10; i += 1) expect((await guess(names[i % 4]!, i, 'traefik', attacker)).status).toBe(401);
    const before = site.provider.counts.token;
    for (const dialect of dialects) {
      const reply = await guess('boB', 50, dialect, attacker);
      expect(reply.status).toBe(dialect === 'nginx' ? 403 : 429);
      expect(Number(reply.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(reply.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(reply.get('x-gatepost-reason')).toBe('rate_limited');
      expect(reply.get('cache-control')).toBe('no-store');
    }
    expect(site.provider.counts.token).toBe(before);
    expect((await ask(port, 'traefik', `${app}/page`, [attacker, cookie])).status).toBe(200);
    expect((await ask(port, 'traefik', `${app}/page`, [attacker, cookie, basic('bob', 'guess')])).status).toBe(200);
    expect((await ask(port, 'traefik', `${app}/page`, [attacker, basic('bob', 'bob-8')])).status).toBe(200);
    // Attack: guesses under a user name keep its owner out.
    await accepted('grafana', 'bob', basic('bob', 'bob-9'));
    await accepted('grafana', 'alice', basic('alice', 'app-alice'));
    expect((await ask(port, 'traefik', `${app}/page`, [attacker, basic('bob', 'bob-10')])).status).toBe(429);
    clock += 61_000;
    expect((await ask(port, 'traefik', `${app}/page`, [attacker, basic('bob', 'bob-10')])).status).toBe(200);
  });

  test('thirty a minute for one client address', async () => {
    await fresh();
    const one = from('192.0.2.77');
    for (let i = 0; i < 30; i += 1) expect((await guess(`anonymous${i}`, i, 'traefik', one)).status).toBe(401);
    const before = site.provider.counts.token;
    expect((await guess('another', 99, 'traefik', one)).status).toBe(429);
    expect((await ask(port, 'traefik', `${app}/page`, [from('10.0.0.1, 192.0.2.77'), basic('else', 'x')])).status).toBe(
      429,
    );
    expect(site.provider.counts.token).toBe(before);
    expect((await guess('another', 99, 'traefik', from('192.0.2.78'))).status).toBe(401);
    expect((await ask(port, 'traefik', `${app}/page`, [one, ...navigation])).status).toBe(302);
    expect((await ask(port, 'traefik', `${app}/healthz`, [one, basic('x', 'y')])).status).toBe(200);
  });

  test('a hundred a minute for one user name from all addresses, and a credential that was accepted before passes', async () => {
    await fresh();
    await accepted('grafana', 'bob', basic('bob', 'bob-11'));
    for (let i = 0; i < 100; i += 1) expect((await guess('bob', i)).status).toBe(401);
    const before = site.provider.counts.token;
    expect((await guess('bob', 200)).status).toBe(429);
    expect((await at('grafana', [basic('bob', 'bob-12')])).status).toBe(429);
    expect(site.provider.counts.token).toBe(before);
    await accepted('grafana', 'bob', basic('bob', 'bob-11'));
    clock += 61_000;
    for (let i = 0; i < 101; i += 1) await guess('bob', i);
    await accepted('grafana', 'bob', basic('bob', 'bob-11'));
  });

  // Attack: where the proxy does not say who the client is, all clients would share the limit of the proxy's address.
  test('a client of unknown address is counted by user name alone', async () => {
    await fresh();
    const unknown = (user: string, password: string) => ask(port, 'traefik', `${app}/page`, [basic(user, password)]);
    for (let i = 0; i < 40; i += 1) expect((await unknown(`nobody${i}`, 'x')).status).not.toBe(429);
    expect((await unknown('bob', 'bob-13')).status).toBe(200);
    for (let i = 0; i < 10; i += 1) expect((await unknown('dave', `x${i}`)).status).not.toBe(429);
    expect((await unknown('dave', 'x10')).status).toBe(429);
  });

  test('the same wrong credential repeated counts once: a program with an old password does not lock out its user', async () => {
    await fresh();
    for (let i = 0; i < 30; i += 1) expect((await guess('carol', 7, 'traefik', here)).status).toBe(401);
    expect((await guess('carol', 8, 'traefik', here)).status).toBe(401);
  });

  test('guesses in parallel do not bypass the limit', async () => {
    await fresh();
    await guess('warm-up', 200);
    const before = site.provider.counts.token;
    const one = from('192.0.2.130');
    const replies = await Promise.all(Array.from({ length: 60 }, (_, i) => guess('victim', i, 'traefik', one)));
    expect(site.provider.counts.token - before).toBeLessThanOrEqual(10);
    expect(replies.filter((one) => one.status === 429).length).toBeGreaterThanOrEqual(50);
    expect(replies.filter((one) => one.status === 200)).toEqual([]);
  });

  test('a client over the limit still passes where no login is needed, and is denied where every client is', async () => {
    await fresh();
    const one = from('192.0.2.120');
    for (let i = 0; i < 30; i += 1) await guess(`open-${i}`, i, 'traefik', one);
    const status = async (path: string) =>
      (await ask(port, 'traefik', `${app}${path}`, [one, basic('open', 'x')])).status;
    expect([
      await status('/page'),
      await status('/optional'),
      await status('/healthz'),
      await status('/denied'),
    ]).toEqual([429, 200, 200, 403]);
  });

  test('replicas count together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
    const ports: number[] = [];
    for (let i = 0; i < 2; i += 1) ports.push((await site.another(`store: file://${folder}`)).http.port);
    const try_ = (i: number) =>
      ask(ports[i % 2]!, 'traefik', `${app}/page`, [
        from('203.0.113.100'),
        basic('dave', `guess-${i}`),
        ['X-Authentik-No-Redirect', ''],
      ]);
    for (let i = 0; i < 10; i += 1) expect((await try_(i)).status).toBe(401);
    expect((await try_(10)).status).toBe(429);
    expect((await try_(11)).status).toBe(429);
    rmSync(folder, { recursive: true, force: true });
  });

  test('refusals leave no cookie', async () => {
    await fresh();
    for (let i = 0; i < 30; i += 1) {
      const reply = await guess(`user-${i}`, i);
      expect(reply.all('set-cookie')).toEqual([]);
    }
  });

  test('bearer tokens have the limit of an address', async () => {
    await fresh();
    const one = from('192.0.2.90');
    const statuses: number[] = [];
    for (let i = 0; i < 32; i += 1)
      statuses.push(
        (await ask(port, 'caddy', `${app}/page`, [one, bearer(`opaque-guess-${i}`), ['X-Authentik-No-Redirect', '']]))
          .status,
      );
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(401));
    expect(statuses.slice(30)).toEqual([429, 429]);
  });
});

describe('a provider without the grant', () => {
  afterEach(() => site.provider.stand('token', undefined));

  // Attack: invented passwords make Gatepost hammer a provider that has no such grant, until that locks Gatepost out.
  test.each([
    [400, 'unauthorized_client'],
    [400, 'unsupported_grant_type'],
    [401, 'invalid_client'],
  ])('%i %s: it is asked once a minute, and the header is the application\u2019s', async (status, error) => {
    await fresh();
    site.provider.stand('token', () => ({ status, body: { error } }));
    const before = site.provider.counts.token;
    const invent = (i: number, path: string) =>
      ask(port, 'traefik', `${app}${path}`, [
        from(`203.0.113.${i}`),
        basic(`user${i}`, `pw${i}`),
        ['Accept', 'application/json'],
      ]);
    const together = await Promise.all(Array.from({ length: 40 }, (_, i) => invent(i, '/page')));
    for (const reply of together)
      expect([reply.status, reply.get('x-gatepost-reason')]).toEqual([401, 'credentials_refused']);
    const left = await invent(41, '/optional');
    expect([left.status, left.get('authorization')]).toEqual([200, basic('user41', 'pw41')[1]]);
    expect(site.provider.counts.token - before).toBe(1);
    clock += 61_000;
    for (let i = 0; i < 40; i += 1) await invent(i, '/page');
    expect(site.provider.counts.token - before).toBe(2);
    site.provider.stand('token', undefined);
    clock += 61_000;
    await accepted('grafana', 'bob', basic('bob', 'bob-14'));
  });
});

describe('the provider fails', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(['error', 'nonsense', 'reset', 'busy'] as const)('%s: 503, never a refusal', async (failure) => {
    await fresh();
    site.provider.fail('token', failure);
    site.provider.fail('introspection', failure);
    const replies = [
      await at('grafana', [basic('bob', `bob-1${failure.length}`)]),
      await at('grafana', [bearer(`opaque-${failure}`)]),
    ];
    site.provider.fail('token', undefined);
    site.provider.fail('introspection', undefined);
    for (const reply of replies) {
      expect(reply.status).toBe(503);
      expect(reply.get('x-gatepost-reason')).toBe('provider_unavailable');
      expect(Number(reply.get('retry-after'))).toBeGreaterThan(0);
    }
    await accepted('grafana', 'bob', basic('bob', `bob-1${failure.length}`));
  });

  test('it hangs: 503 within the time limit, while public paths pass', async () => {
    site.provider.fail('token', 'hang');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = site.provider.counts.token;
    const asked = at('grafana', [basic('bob', 'bob-30')]);
    while (site.provider.counts.token === before) await nextTick();
    // No time passes: what waited for the provider would wait for good.
    const open = await ask(port, 'traefik', `${app}/healthz`, [basic('bob', 'bob-30')]);
    expect(open.status).toBe(200);
    await vi.advanceTimersByTimeAsync(11_500);
    expect((await asked).status).toBe(503);
    site.provider.fail('token', undefined);
  });

  // Attack: a path that is open to all hangs for visitors with a header that is the application's own.
  test('it hangs: an optional path passes without identity after a second', async () => {
    await fresh();
    site.provider.fail('token', 'hang');
    const began = performance.now();
    const reply = await ask(port, 'traefik', `${app}/optional`, [here, basic('bob', 'bob-15')]);
    expect([reply.status, reply.get('x-authentik-username')]).toEqual([200, '']);
    expect(reply.get('authorization')).toBe(basic('bob', 'bob-15')[1]);
    expect(performance.now() - began).toBeLessThan(3000);
    site.provider.fail('token', undefined);
  });

  test('failures count for no limit', async () => {
    await fresh();
    site.provider.fail('token', 'error');
    for (let i = 0; i < 15; i += 1) expect((await at('grafana', [basic('bob', `fault-${i}`)])).status).toBe(503);
    site.provider.fail('token', undefined);
    await accepted('grafana', 'bob', basic('bob', 'bob-31'));
  });
});

test('signing out ends the sessions of a credential; the credential itself is verified again', async () => {
  await fresh();
  const made = await accepted('grafana', 'bob', basic('bob', 'bob-32'));
  const session: [string, string] = ['Cookie', made.get('set-cookie')!.split(';')[0]!];
  const visitor = createVisitor(site, port);
  await visitor.signIn(`${app}/`, 'bob');
  await visitor.open(`${app}/outpost.goauthentik.io/sign_out`);
  expect((await at('grafana', [session])).status).not.toBe(200);
  const before = site.provider.counts.token;
  await accepted('grafana', 'bob', basic('bob', 'bob-32'));
  expect(site.provider.counts.token - before).toBe(1);
});
