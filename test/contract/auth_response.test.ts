/** Responses that allow a request: identity headers, `Authorization`, `Set-Cookie`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  dialects,
  hostOf,
  identityNames,
  OUTPOST,
  type Pairs,
  people,
  type Reply,
  signedIn,
  startContract,
} from './setup.ts';

const app = 'https://app.example.com';
/** A user whose every claim is an attack or a trap. */
const mallory = {
  sub: 'u-mallory',
  username: 'mallory',
  password: 'x',
  claims: {
    name: 'Evil\r\nX-authentik-username: alice\r\n\tName\u0000\u007f',
    email: 'mallory@example.com',
    groups: ['one|two', 'line\nbreak', 7, null, { a: 1 }],
    entitlements: 'read write',
    ak_proxy: {
      user_attributes: {
        additionalHeaders: {
          'X-Fine': 'ünï 山',
          'X-Number': 7,
          'X-Boolean': false,
          'X-Injected': 'a\r\nSet-Cookie: evil=1',
          'X-Object': { a: 1 },
          'X-List': ['a'],
          'X-Null': null,
          'X-authentik-username': 'alice',
          'x-AUTHENTIK-groups': 'admins',
          'X-Authentik-Anything': 'x',
          'Content-Length': '5',
          'content-length': 7,
          'Set-Cookie': 'evil=1',
          'set-cookie': 'evil=2',
          Connection: 'close',
          'Keep-Alive': 'x',
          'Proxy-Authenticate': 'x',
          'Proxy-Authorization': 'x',
          'Proxy-Connection': 'x',
          TE: 'x',
          Trailer: 'x',
          'Transfer-Encoding': 'chunked',
          Upgrade: 'x',
          'bad name': 'x',
          'bad:name': 'x',
          'bad\r\nname': 'x',
          '': 'x',
          'X-Ümlaut': 'x',
        },
      },
    },
  },
};

/** A user who has taken the name of another one, but for a space. */
const eve = { sub: 'u-eve', username: 'eve', password: 'x', claims: { preferred_username: 'root ', name: 'Eve' } };

/** A user of whom the provider knows nothing. */
const plain = { sub: 'u-plain', username: 'plain', password: 'x', claims: {} };

/** App passwords that no test has used yet: the next one makes a session. */
const unusedPasswords = Array.from({ length: 40 }, (_, at) => `app-unused-${at}`);

let site: Contract;
let port: number;
let alice: [string, string];
beforeAll(async () => {
  const [first, bob] = structuredClone(people);
  const users = [
    first!,
    { ...bob!, app_passwords: [...dialects.map((dialect) => `app-${dialect}`), ...unusedPasswords] },
    mallory,
    eve,
    plain,
  ];
  site = await startContract('outpost_name: "Außenposten 1"', { users });
  port = site.port;
  alice = await signedIn(site, 'grafana');
});
afterAll(() => site.close());

const twelve = (reply: Reply) => Object.fromEntries(identityNames.map((name) => [name.slice(12), reply.utf8(name)]));
const payload = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

describe('the twelve headers', () => {
  test.each(dialects)('%s: a session', async (dialect) => {
    const reply = await ask(port, dialect, `${app}/page`, [alice]);
    expect(reply.status).toBe(200);
    const { jwt, 'meta-version': version, ...rest } = twelve(reply);
    expect(rest).toEqual({
      username: 'alice',
      groups: 'admins|staff',
      entitlements: 'read|write',
      email: 'alice@example.com',
      name: 'Łukasz 山田 Ünïcode',
      uid: 'u-alice',
      'meta-jwks': `${site.provider.issuer}/jwks`,
      'meta-outpost': 'Außenposten 1',
      'meta-provider': 'Site grafana',
      'meta-app': 'grafana',
    });
    expect(version).toMatch(/^gatepost\/\d+\.\d+\.\d+/);
    expect(payload(jwt!)).toMatchObject({ iss: site.provider.issuer, sub: 'u-alice', aud: 'grafana' });
    expect(reply.get('x-gatepost-reason')).toBeUndefined();
    expect(reply.all('location')).toEqual([]);
    expect(reply.body).toBe('');
  });

  test.each(dialects)('%s: empty without a session, on every response that allows', async (dialect) => {
    const urls = [`${app}/healthz`, `${app}/optional`, `${app}${OUTPOST}/start`, 'https://skip.example.com/open/x'];
    const mine: Pairs = identityNames.map((name) => [name, 'admin']);
    for (const url of urls) {
      const reply = await ask(port, dialect, url, mine);
      expect(reply.status).toBe(200);
      for (const name of ['username', 'groups', 'entitlements', 'email', 'name', 'uid', 'jwt']) {
        expect([url, name, reply.all(`x-authentik-${name}`)]).toEqual([url, name, ['']]);
      }
      expect(identityNames.filter((name) => reply.all(name).length !== 1)).toEqual([]);
      expect(reply.get('x-authentik-meta-outpost')).not.toBe('admin');
    }
  });

  test('what the client sends under these names is never echoed', async () => {
    const forged: Pairs = identityNames.flatMap(
      (name): Pairs => [
        [name, 'forged'],
        [name.replaceAll('-', '_'), 'forged'],
      ],
    );
    const reply = await ask(port, 'traefik', `${app}/page`, [alice, ...forged, ['X-authentik-username', 'forged']]);
    expect(reply.raw).not.toContain('forged');
    expect(twelve(reply).username).toBe('alice');
  });

  test('empty where the claims lack a value', async () => {
    const bob = await signedIn(site, 'grafana', 'bob');
    const reply = await ask(port, 'nginx', `${app}/page`, [bob]);
    expect(twelve(reply)).toMatchObject({ username: 'bob', groups: 'staff', entitlements: '', name: 'Bob' });
    expect(reply.all('x-team')).toEqual([]);
  });

  test("authentik's access token is what -jwt carries, where it is a JWT for the same client", async () => {
    const cookie = await signedIn(site, 'tokens');
    const reply = await ask(port, 'traefik', `${hostOf('tokens')}/`, [cookie]);
    expect(payload(reply.get('x-authentik-jwt')!)).toMatchObject({ azp: 'tokens', uid: expect.any(String) });
  });

  test('claims: groups from another claim', async () => {
    const cookie = await signedIn(site, 'mapped');
    const reply = await ask(port, 'traefik', `${hostOf('mapped')}/`, [cookie]);
    expect(reply.get('x-authentik-groups')).toBe('realm-admin|realm-user');
  });
});

/** A token for grafana that is good but for what the claims say. */
async function bearerWith(claims: object): Promise<[string, string]> {
  const seconds = Math.floor(Date.now() / 1000);
  const about = { iss: site.provider.issuer, aud: 'grafana', iat: seconds - 10, exp: seconds + 250 };
  return ['Authorization', `Bearer ${await site.provider.sign({ ...about, ...claims })}`];
}

// Attack: the application drops the space, and reads the name of somebody else.
describe('an identity that cannot be passed on as it was told', () => {
  test('a login with it ends at a page that says why, without a session', async () => {
    const visitor = createVisitor(site, port);
    const page = await visitor.signIn(`${app}/page`, 'eve');
    expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([403, 'unusable_identity']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).toContain('<h1>This account cannot be used</h1>');
    expect(page.text).toContain('the claim preferred_username (or the one that claims.username names)');
    expect(visitor.cookie('grafana')).toBe('');
  });

  test.each(
    dialects,
  )('%s: a token with it is refused by required and optional rules, public ones let it pass', async (dialect) => {
    for (const changes of [{ preferred_username: 'root\u0000' }, { preferred_username: 'eve', email: 'root@a.b\n' }]) {
      const header = await bearerWith({ sub: 'u-eve', ...changes, jti: dialect });
      for (const path of ['/page', '/optional', '/admin']) {
        const reply = await ask(port, dialect, `${app}${path}`, [header]);
        expect([path, reply.status, reply.get('x-gatepost-reason')]).toEqual([path, 403, 'unusable_identity']);
        expect(identityNames.flatMap((name) => reply.all(name))).toEqual([]);
        expect(reply.all('set-cookie')).toEqual([]);
      }
      const open = await ask(port, dialect, `${app}/healthz`, [header]);
      expect([open.status, open.get('x-authentik-username')]).toEqual([200, '']);
    }
  });

  test('a navigation sees a page that says what is wrong, with the name made visible', async () => {
    const reply = await ask(port, 'traefik', `${app}/page`, [
      await bearerWith({ sub: 'u-eve', preferred_username: '<b>root</b>\u0085' }),
      ['Sec-Fetch-Mode', 'navigate'],
      ['Accept', 'text/html'],
    ]);
    expect(reply.status).toBe(403);
    expect(reply.body).toContain('has white space at an end or a control character');
    expect(reply.body).toContain('&#60;b&#62;root');
    expect(reply.raw).not.toMatch(/\u0085|<b>/);
  });
});

test('a group that cannot be passed on matches no rule either, and is reported once', async () => {
  const warnings: string[] = [];
  const events = createEvents();
  events.on('log', ({ event, message }) => event === 'claims.value_left_out' && warnings.push(message));
  const fresh = (await site.another('', { events })).http.port;
  for (const [at, groups] of [['admins ', 'staff'], ['admins\u2028', 'staff'], ['x|admins']].entries()) {
    const header = await bearerWith({ sub: 'u-alice', preferred_username: 'alice', groups, jti: `${at}` });
    expect((await ask(fresh, 'traefik', `${app}/admin`, [header])).status).toBe(403);
    const reply = await ask(fresh, 'traefik', `${app}/page`, [header]);
    expect([reply.status, reply.get('x-authentik-groups')]).toEqual([200, groups.slice(1).join()]);
  }
  expect(warnings).toEqual([expect.stringContaining('a value of groups is left out')]);
});

describe('Cookie', () => {
  const others = 'theme=dark; sid=a=b==; q="x, y"';
  const login = 'gatepost_login_0badcafe=x.1; __Host-gatepost_login_0badcafe=x.1';

  // Attack: an application takes the session cookie out of its requests and opens its neighbours with it.
  test.each(dialects)("%s: the client's without ours, on every response that allows", async (dialect) => {
    const [, session] = alice;
    const urls = ['/page', '/healthz', '/optional'].map((path) => app + path);
    for (const url of [...urls, 'https://skip.example.com/open/x']) {
      const cookie = (value: string): Pairs => [['Cookie', value]];
      const mixed = await ask(port, dialect, url, cookie(`theme=dark; ${session}; sid=a=b==; ${login}; q="x, y"`));
      expect([url, mixed.status, mixed.all('cookie')]).toEqual([url, 200, [others]]);
      const alone = await ask(port, dialect, url, cookie(session));
      expect([url, alone.status, alone.all('cookie')]).toEqual([url, 200, []]);
      const neighbour = await ask(port, dialect, url, cookie(`authentik_proxy_00000000=x; ${session}`));
      expect([url, neighbour.status, neighbour.all('cookie')]).toEqual([url, 200, []]);
    }
  });

  test.each(dialects)('%s: of several lines, in one', async (dialect) => {
    const lines: Pairs = [['Cookie', 'a=b'], alice, ['Cookie', 'c=d']];
    const reply = await ask(port, dialect, `${app}/page`, lines);
    expect(reply.all('cookie')).toEqual(['a=b; c=d']);
  });

  test.each(dialects)("%s: whole for Gatepost's own endpoints, which need it", async (dialect) => {
    const reply = await ask(port, dialect, `${app}${OUTPOST}/callback`, [['Cookie', login]]);
    expect(reply.all('cookie')).toEqual([login]);
  });

  test.each(dialects)('%s: none on a response that does not allow', async (dialect) => {
    const reply = await ask(port, dialect, `${app}/page`, [['Cookie', 'a=b']]);
    expect(reply.status).not.toBe(200);
    expect(reply.all('cookie')).toEqual([]);
  });
});

describe('hostile claims', () => {
  let reply: Reply;
  beforeAll(async () => {
    const cookie = await signedIn(site, 'grafana', 'mallory');
    reply = await ask(port, 'traefik', `${app}/page`, [cookie]);
  });

  test('control characters become spaces in the name, and start no header', () => {
    expect(reply.status).toBe(200);
    expect(reply.get('x-authentik-username')).toBe('mallory');
    expect(reply.get('x-authentik-name')).toMatch(/^Evil {1,2}X-authentik-username: alice +Name$/);
    expect(reply.all('set-cookie')).toEqual([]);
    expect(reply.all('x-injected')).toEqual([]);
    expect(reply.get('x-authentik-groups')).toBe('7');
  });

  test('additional headers: strings, numbers, booleans', () => {
    expect(reply.utf8('x-fine')).toBe('ünï 山');
    expect(reply.get('x-number')).toBe('7');
    expect(reply.get('x-boolean')).toBe('false');
  });

  test.each([
    'X-Object',
    'X-List',
    'X-Null',
    'X-Authentik-Anything',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'bad name',
    'Set-Cookie',
  ])('%s is refused', (name) => {
    expect(reply.all(name)).toEqual([]);
  });

  test("Content-Length and Connection stay the server's own", () => {
    expect(reply.get('content-length') ?? '0').toBe('0');
    expect(reply.get('keep-alive')).not.toBe('x');
  });
});

test('a refused additional header is logged once, not with every request', async () => {
  const events = createEvents();
  const messages: string[] = [];
  events.on('log', ({ message }) => messages.push(message));
  const fresh = (await site.another('', { events })).http.port;
  const cookie = await signedIn(site, 'grafana', 'mallory', fresh);
  const again = await signedIn(site, 'grafana', 'mallory', fresh);
  for (const one of [cookie, cookie, again]) await ask(fresh, 'traefik', `${app}/page`, [one]);
  expect(messages.filter((message) => message.includes('Transfer-Encoding'))).toHaveLength(1);
});

describe('Authorization in the response', () => {
  test.each(dialects)("%s: the client's own, unchanged, where it was not used", async (dialect) => {
    for (const value of [
      'Digest username="x"',
      'Negotiate abc',
      'ApiKey 12',
      'Basic %%%',
      'Bearer',
      'anything at all',
      'Digest \xe9\xc3\xa9',
    ]) {
      const reply = await ask(port, dialect, `${app}/page`, [alice, ['Authorization', value]]);
      expect(reply.status).toBe(200);
      expect(reply.get('authorization')).toBe(value);
    }
  });

  test.each(dialects)('%s: absent where there was none', async (dialect) => {
    expect((await ask(port, dialect, `${app}/page`, [alice])).all('authorization')).toEqual([]);
    expect((await ask(port, dialect, `${app}/healthz`)).all('authorization')).toEqual([]);
  });

  test.each(dialects)('%s: on a public path it is passed on', async (dialect) => {
    const [, own] = basic('app-user', 'app-pass');
    expect((await ask(port, dialect, `${app}/healthz`, [['Authorization', own]])).get('authorization')).toBe(own);
  });

  test('absent when a credential in it was accepted', async () => {
    const reply = await ask(port, 'traefik', `${app}/page`, [basic('alice', 'app-alice')]);
    expect(reply.status).toBe(200);
    expect(reply.all('authorization')).toEqual([]);
  });

  test('Basic from the attributes, replacing what the client sent', async () => {
    const cookie = await signedIn(site, 'basic');
    const expected = `Basic ${Buffer.from('alice-app:s3cret:päss').toString('base64')}`;
    for (const headers of [[cookie], [cookie, ['Authorization', 'Digest x']], [cookie, basic('a', 'b')]] as Pairs[]) {
      expect((await ask(port, 'nginx', `${hostOf('basic')}/`, headers)).get('authorization')).toBe(expected);
    }
  });

  test('neither attribute nor e-mail: no Authorization is sent', async () => {
    const cookie = await signedIn(site, 'basic', 'plain');
    const reply = await ask(port, 'nginx', `${hostOf('basic')}/`, [cookie]);
    expect(reply.status).toBe(200);
    expect(reply.all('authorization')).toEqual([]);
  });

  test("beside a session, the application's own credentials pass, accepted ones do not, and the provider is not asked", async () => {
    const before = site.provider.counts.token;
    const own = basic('local', 'user');
    expect((await ask(port, 'traefik', `${app}/page`, [alice, own])).get('authorization')).toBe(own[1]);
    expect(site.provider.counts.token).toBe(before);
    const made = await ask(port, 'traefik', `${app}/page`, [basic('plain', 'app-plain')]);
    const session: [string, string] = ['Cookie', made.get('set-cookie')!.split(';')[0]!];
    const again = await ask(port, 'traefik', `${app}/page`, [session, basic('plain', 'app-plain')]);
    expect(again.status).toBe(200);
    expect(again.all('authorization')).toEqual([]);
  });

  test('Basic falls back on the e-mail and an empty password', async () => {
    const cookie = await signedIn(site, 'basic', 'bob');
    const reply = await ask(port, 'nginx', `${hostOf('basic')}/`, [cookie]);
    expect(reply.get('authorization')).toBe(`Basic ${Buffer.from('bob@example.com:').toString('base64')}`);
  });
});

describe('Set-Cookie', () => {
  test.each(dialects)('%s: one, and only when a header credential has just created a session', async (dialect) => {
    const url = `${hostOf('grafana')}/page`;
    expect((await ask(port, dialect, url, [alice])).all('set-cookie')).toEqual([]);
    const made = await ask(port, dialect, url, [basic('bob', `app-${dialect}`)]);
    expect(made.status).toBe(200);
    const line = made.get('set-cookie')!;
    expect(line).toMatch(/^__Host-authentik_proxy_[0-9a-f]{8}=/);
    const session: [string, string] = ['Cookie', line.split(';')[0]!];
    const kept = await ask(port, dialect, url, [session]);
    expect(kept.get('x-authentik-username')).toBe('bob');
    expect(kept.all('set-cookie')).toEqual([]);
    expect((await ask(port, dialect, url, [session, basic('bob', `app-${dialect}`)])).all('set-cookie')).toEqual([]);
    expect((await ask(port, dialect, `${app}/healthz`, [basic('bob', `app-${dialect}`)])).all('set-cookie')).toEqual(
      [],
    );
    expect((await ask(port, dialect, url)).all('set-cookie')).toEqual([]);
  });

  // Attack: a link or an image with the attacker's password in its address signs the visitor in as the attacker.
  test.each<[string, [string, string][]]>([
    ['a navigation', [['Sec-Fetch-Mode', 'navigate']]],
    ['an image', [['Sec-Fetch-Dest', 'image']]],
    ['a request from another site', [['Sec-Fetch-Site', 'cross-site']]],
    ['a prefetch', [['Sec-Purpose', 'prefetch']]],
    ['a page of an old browser', [['Accept', 'text/html,*/*;q=0.8']]],
    ['XHTML in capitals', [['Accept', 'Application/XHTML+XML']]],
    [
      'an image over http',
      [
        ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
        ['Accept', 'image/avif,*/*'],
      ],
    ],
  ])('a credential in a browser opens the request, and sets none: %s', async (_what, headers) => {
    for (const dialect of dialects) {
      const credential = basic('bob', unusedPasswords.pop()!);
      const reply = await ask(port, dialect, `${hostOf('grafana')}/page`, [credential, ...headers]);
      expect(reply.status).toBe(200);
      expect(reply.get('x-authentik-username')).toBe('bob');
      expect(reply.all('set-cookie')).toEqual([]);
    }
  });

  test.each<[string, [string, string][]]>([
    ['says nothing', []],
    ['accepts anything', [['Accept', '*/*']]],
    ['accepts JSON', [['Accept', 'application/json']]],
    ['says its own name', [['User-Agent', 'git/2.43']]],
  ])('a program that %s gets one', async (_what, headers) => {
    const made = await ask(port, 'traefik', `${hostOf('grafana')}/api`, [
      basic('bob', unusedPasswords.pop()!),
      ...headers,
    ]);
    expect(made.all('set-cookie')).toHaveLength(1);
  });

  test('a visitor who does not log in gets none except from the login endpoints', async () => {
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${app}/`);
    expect((await ask(port, 'caddy', `${app}/`, [['Cookie', visitor.cookiesFor(app)]])).all('set-cookie')).toEqual([]);
  });
});
