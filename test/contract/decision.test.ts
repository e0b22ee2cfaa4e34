/** The decision, step by step and in this order. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app, type Case, groups, TOP } from './decision_table.ts';
import { createSessions, headersOf } from './sessions_of_people.ts';
import {
  ask,
  basic,
  type Contract,
  cookieName,
  type DialectName,
  dialects,
  identityNames,
  navigation,
  OUTPOST,
  type Pairs,
  type Reply,
  redirecting,
  send,
  signedIn,
  startContract,
  startUrl,
} from './setup.ts';

let site: Contract;
let port: number;
let alice: [string, string];
let bob: [string, string];
beforeAll(async () => {
  site = await startContract(TOP);
  port = site.port;
  alice = await signedIn(site, 'grafana');
  bob = await signedIn(site, 'grafana', 'bob');
});
afterAll(() => site.close());

/** What a reply must have, beside its reason. */
function expectOutcome({ outcome, as, holds, method = 'GET', reason }: Case, dialect: DialectName, reply: Reply): void {
  const said = reply.get('x-gatepost-reason');
  const user = reply.get('x-authentik-username');
  switch (outcome) {
    case 'anonymous':
      expect([reply.status, user, said]).toEqual([200, '', undefined]);
      break;
    case 'identified':
      expect([reply.status, user, said]).toEqual([200, as ?? holds, undefined]);
      break;
    case 'forbidden':
    case 'denied':
      expect([reply.status, user, said]).toEqual([403, undefined, outcome]);
      expect(reply.all('location')).toEqual([]);
      break;
    default: {
      const redirects = outcome === 'login' && dialect !== 'nginx';
      expect(reply.status).toBe(!redirects ? 401 : method === 'GET' || method === 'HEAD' ? 302 : 303);
      expect(said).toMatch(new RegExp(`^(?:${reason ?? 'no_credentials'})$`));
      expect(reply.get('location')).toEqual(
        outcome === 'login' ? expect.stringContaining(`${OUTPOST}/start?rd=`) : undefined,
      );
      expect(reply.all('www-authenticate')).toHaveLength(outcome === 'challenge' ? 2 : 0);
    }
  }
}

describe.each(groups)('the table: %s', (_, cases) => {
  describe.each(dialects)('%s', (dialect) => {
    const sessions = createSessions(() => site);
    test.each(cases.filter((one) => one.dialects?.includes(dialect) ?? true))('$name: $outcome', async (one) => {
      const reply = await ask(await sessions.portOf(one), dialect, one.url, await headersOf(one, sessions), one.method);
      expectOutcome(one, dialect, reply);
      expect(reply.all('set-cookie')).toEqual([]);
      expect(reply.get('cache-control')).toBe('no-store');
    });
  });
});

const expectAnonymous = (reply: Reply) => {
  expect(reply.status).toBe(200);
  expect(reply.get('x-authentik-username')).toBe('');
};

describe('1. the peer', () => {
  let untrusted: number;
  beforeAll(async () => {
    untrusted = (await site.another('trusted_proxies: [10.0.0.0/8]')).http.port;
  });

  test.each(dialects)('%s: an untrusted peer gets 403 whatever it sends', async (dialect) => {
    const urls = [
      `${app}/page`,
      `${app}/healthz`,
      'https://unknown.example.com/',
      `${app}${OUTPOST}/start`,
      'nonsense:',
    ];
    for (const url of urls) {
      const reply = await ask(untrusted, dialect, url, [
        alice,
        ['X-Forwarded-For', '10.0.0.1'],
        ['X-Real-IP', '10.0.0.1'],
      ]);
      expect(reply.status).toBe(403);
      expect(reply.get('x-gatepost-reason')).toBe('untrusted_peer');
      expect(reply.get('cache-control')).toBe('no-store');
      expect(reply.all('location')).toEqual([]);
      expect(reply.body).not.toContain('unknown.example.com');
    }
  });

  test('browser and health endpoints need no trusted peer', async () => {
    expect((await send(untrusted, `${OUTPOST}/ping`)).status).toBe(204);
    expect((await send(untrusted, '/-/health/live')).status).toBe(200);
    expect((await send(untrusted, `${OUTPOST}/start`, [['Host', 'app.example.com']])).status).toBe(302);
  });

  test("an untrusted peer's X-Forwarded-Host chooses no application", async () => {
    const reply = await send(untrusted, `${OUTPOST}/start`, [
      ['Host', 'app.example.com'],
      ['X-Forwarded-Host', 'plain.example.com'],
    ]);
    expect(new URL(reply.get('location')!).searchParams.get('client_id')).toBe('grafana');
  });

  test('::ffff:a.b.c.d is a.b.c.d', async () => {
    const mapped = await site.another(
      'listen: { http: "[::ffff:127.0.0.1]:0", metrics: off }\ntrusted_proxies: [127.0.0.0/8]',
    );
    expect((await ask(mapped.http.port, 'traefik', `${app}/healthz`)).status).toBe(200);
    const other = await site.another(
      'listen: { http: "[::ffff:127.0.0.1]:0", metrics: off }\ntrusted_proxies: [10.0.0.0/8, "::/96"]',
    );
    expect((await ask(other.http.port, 'traefik', `${app}/healthz`)).status).toBe(403);
  });
});

describe('4. the browser endpoints', () => {
  test.each(dialects)('%s: exactly these pass, without identity even with a session', async (dialect) => {
    for (const name of ['start', 'callback', 'sign_out', 'session', 'ping']) {
      for (const query of ['', '?rd=x', '?X-authentik-auth-callback=true&code=1']) {
        const reply = await ask(port, dialect, `${app}${OUTPOST}/${name}${query}`, [alice]);
        expectAnonymous(reply);
        expect(identityNames.every((one) => reply.all(one).length === 1)).toBe(true);
        expect(reply.get('x-authentik-jwt')).toBe('');
      }
    }
  });
});

describe('5. the session cookie', () => {
  const name = cookieName('grafana');
  const value = () => alice[1].slice(alice[1].indexOf('=') + 1);

  test('session_expired says that there was one', async () => {
    const reply = await ask(port, 'traefik', `${app}/page`, [['Cookie', `${name}=${'A'.repeat(43)}`]]);
    expect(reply.get('x-gatepost-reason')).toBe('session_expired');
  });

  test("sent to another application under that one's name it is not a session", async () => {
    const foreign: [string, string] = ['Cookie', `${cookieName('exact')}=${value()}`];
    expect((await ask(port, 'traefik', 'https://exact.example.org/', [foreign])).status).toBe(302);
  });
});

test.each(dialects)('6. %s: who is refused by a rule is named to nobody', async (dialect) => {
  const reply = await ask(port, dialect, `${app}/admin`, [bob, ...navigation]);
  expect(reply.status).toBe(403);
  for (const name of identityNames) expect(reply.all(name)).toEqual([]);
});

describe('8. unauthenticated', () => {
  const visit = async (dialect: DialectName, headers: Pairs, method = 'GET') =>
    ask(port, dialect, `${app}/page?a=1&b`, headers, method);
  describe.each(dialects)('%s', (dialect) => {
    test.each([
      ['GET', [], true],
      ['HEAD', [], true],
      ['POST', navigation, true],
      ['GET', [['Accept', 'application/json']], false],
    ] as [
      string,
      Pairs,
      boolean,
    ][])('a %s with %j leads to the login, or says where it is', async (method, headers, isVisit) => {
      const reply = await visit(dialect, headers, method);
      const login = startUrl(app, `${app}/page?a=1&b`);
      if (isVisit) expect(reply.get('location')).toBe(login);
      if (isVisit && dialect !== 'nginx') {
        expect(reply.get('content-type')).toBe('text/plain; charset=utf-8');
        if (method !== 'HEAD') expect(reply.body).toBe(`not signed in, log in at: ${login}\n`);
      } else if (method !== 'HEAD') expect(reply.body).toContain(login);
    });

    test('the body of a 401 is JSON where Accept prefers it, else one line of text', async () => {
      const json: Pairs[] = [
        [['Accept', 'application/json']],
        [['Accept', 'application/json, text/plain;q=0.5']],
        [
          ['Accept', 'text/plain;q=0.1, application/json'],
          ['Sec-Fetch-Mode', 'cors'],
        ],
      ];
      for (const headers of json) {
        const reply = await visit(dialect, headers);
        expect(reply.get('content-type')).toContain('application/json');
        const body = JSON.parse(reply.body);
        expect(body.login_url).toBe(startUrl(app, `${app}/page?a=1&b`));
        expect(body.error).toMatch(/./);
      }
      const plain: Pairs[] = [
        [
          ['Sec-Fetch-Mode', 'cors'],
          ['Accept', '*/*'],
        ],
        [['Accept', 'text/plain, application/json;q=0.1']],
        [['Sec-Fetch-Mode', 'cors']],
      ];
      for (const headers of plain) {
        const reply = await visit(dialect, headers);
        expect(reply.get('content-type')).toContain('text/plain');
        expect(reply.body.trimEnd()).not.toContain('\n');
        expect(reply.body).toContain(`${OUTPOST}/start?rd=`);
      }
    });
  });

  test.each(
    redirecting,
  )('%s: no-redirect asks for a 401, with both challenges on lines of their own', async (dialect) => {
    const header = await visit(dialect, [['X-Authentik-No-Redirect', '0'], ...navigation]);
    const forwarded = await ask(port, dialect, `${app}/page?a=1&X-AuthentiK-no-Redirect`, navigation);
    for (const reply of [header, forwarded]) {
      expect(reply.status).toBe(401);
      expect(reply.all('www-authenticate')).toEqual([
        'Basic realm="Site grafana", charset="UTF-8"',
        'Bearer realm="Site grafana"',
      ]);
      expect(reply.get('location')).toBeUndefined();
    }
  });

  test('no-redirect in the query of the auth endpoint', async () => {
    const forwarded: Pairs = [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'app.example.com'],
      ['X-Forwarded-Uri', '/'],
      ['X-Original-URL', `${app}/`],
      ...navigation,
    ];
    for (const name of ['x-authentik-no-redirect', 'X-Authentik-No-Redirect', 'X-AUTHENTIK-NO-REDIRECT']) {
      for (const path of ['nginx', 'traefik', 'caddy']) {
        for (const value of ['', '=', '=true', '=false']) {
          const reply = await send(port, `${OUTPOST}/auth/${path}?a=b&${name}${value}`, forwarded);
          expect([path, value, reply.status]).toEqual([path, value, 401]);
          expect(reply.all('www-authenticate')).toHaveLength(2);
        }
      }
    }
    const near = await send(
      port,
      `${OUTPOST}/auth/traefik?xx-authentik-no-redirect=1&a=x-authentik-no-redirect`,
      forwarded,
    );
    expect(near.status).toBe(302);
  });

  test('nginx: a 401 that was asked for by no-redirect carries the challenge', async () => {
    const reply = await visit('nginx', [['X-Authentik-No-Redirect', 'x'], ...navigation]);
    expect(reply.status).toBe(401);
    expect(reply.all('www-authenticate')).toHaveLength(2);
  });

  test('refused credentials do not change a navigation, unless intercept_header_auth is on', async () => {
    const wrong = basic('alice', 'wrong');
    const plain = await visit('traefik', [wrong, ...navigation]);
    expect(plain.status).toBe(302);
    expect(plain.get('x-gatepost-reason')).toBe('credentials_refused');
    const intercept = await ask(port, 'traefik', 'https://intercept.example.com/', [
      basic('alice', 'wrong2'),
      ...navigation,
    ]);
    expect(intercept.status).toBe(401);
    expect(intercept.all('www-authenticate')).toHaveLength(2);
    const none = await ask(port, 'traefik', 'https://intercept.example.com/', navigation);
    expect(none.status).toBe(302);
    const other = await ask(port, 'traefik', 'https://intercept.example.com/', [
      ['Authorization', 'Digest username="x"'],
      ...navigation,
    ]);
    expect(other.status).toBe(302);
  });

  test('the return URL is encoded so that it survives whole', async () => {
    const url = `${app}/a%20b/%3F?x=%26&y=1+2&z=https://evil.example/&w='"<>`;
    const reply = await ask(port, 'traefik', url, navigation);
    const location = reply.get('location')!;
    expect(location.startsWith(`${app}${OUTPOST}/start?rd=`)).toBe(true);
    expect(new URL(location).searchParams.get('rd')).toBe(url);
    expect([...new URL(location).searchParams.keys()]).toEqual(['rd']);
  });

  test('in forward_domain the login is at external_host, the return URL at the requested host', async () => {
    const reply = await ask(port, 'caddy', 'https://two.example.org:8443/x?y', navigation);
    const bare = await ask(port, 'caddy', 'https://two.example.org/x?y', navigation);
    expect(bare.get('location')).toBe(startUrl('https://one.example.org', 'https://two.example.org/x?y'));
    expect([302, 404]).toContain(reply.status);
  });
});

describe('faults', () => {
  let withoutStore: number;
  beforeAll(async () => {
    withoutStore = (await site.another('store: redis://127.0.0.1:1')).http.port;
  });

  test.each(
    dialects,
  )('%s: the store is unavailable: public passes, a session is 503, never a redirect to the login', async (dialect) => {
    expectAnonymous(await ask(withoutStore, dialect, `${app}/healthz`));
    expectAnonymous(await ask(withoutStore, dialect, `${app}/healthz`, [alice]));
    expectAnonymous(await ask(withoutStore, dialect, `${app}/optional`));
    expectAnonymous(await ask(withoutStore, dialect, `${app}/optional`, [alice]));
    const session = await ask(withoutStore, dialect, `${app}/page`, [alice, ...navigation]);
    expect(session.status).toBe(503);
    expect(session.get('x-gatepost-reason')).toBe('store_unavailable');
    expect(Number(session.get('retry-after'))).toBeGreaterThan(0);
    expect(session.get('cache-control')).toBe('no-store');
    expect(session.all('set-cookie')).toEqual([]);
    const anonymous = await ask(withoutStore, dialect, `${app}/page`, navigation);
    expect(anonymous.status).toBe(dialect === 'nginx' ? 401 : 302);
    expect((await ask(withoutStore, dialect, `${app}/denied`, [alice])).status).toBe(403);
  });

  test('the store is unavailable: credentials and readiness are 503, ping is not affected', async () => {
    const reply = await ask(withoutStore, 'traefik', `${app}/page`, [basic('alice', 'app-alice')]);
    expect(reply.status).toBe(503);
    expect((await send(withoutStore, '/-/health/ready')).status).toBe(503);
    expect((await send(withoutStore, '/-/health/live')).status).toBe(200);
    expect((await send(withoutStore, `${OUTPOST}/ping`)).status).toBe(204);
  });

  test('broken requests are never allowed and do not stop the server', async () => {
    const broken = [
      'GET / HTTP/9.9\r\n\r\n',
      '\r\n\r\n\r\n',
      `GET ${OUTPOST}/auth/nginx HTTP/1.1\r\nX-Original-URL: ${app}/healthz\r\n\r\n`,
      'GET /\r\n\r\n',
      '\x16\x03\x01\x02\x00',
      `GET ${OUTPOST}/auth/nginx HTTP/1.1\r\nHost: x\r\nX-Original-URL : ${app}/healthz\r\n\r\n`,
    ];
    for (const bytes of broken) {
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.from(bytes, 'latin1')));
        socket
          .on('data', (chunk) => (text += chunk))
          .on('close', () => resolve(text))
          .on('error', () => resolve(text));
        setTimeout(() => socket.destroy(), 2000).unref();
      });
      expect(answer).not.toMatch(/^HTTP\/1.1 200/);
    }
    expect((await ask(port, 'traefik', `${app}/healthz`)).status).toBe(200);
  });
});
