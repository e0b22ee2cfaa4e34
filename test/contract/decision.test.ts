/** The decision, step by step and in this order. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const app = 'https://app.example.com';
let site: Contract;
let port: number;
let alice: [string, string];
let bob: [string, string];
beforeAll(async () => {
  site = await startContract('nginx_method_header: X-Original-Method');
  port = site.port;
  alice = await signedIn(site, 'grafana');
  bob = await signedIn(site, 'grafana', 'bob');
});
afterAll(() => site.close());

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

  test.each(dialects)('%s: nothing that looks like them', async (dialect) => {
    const paths = [
      '/start/',
      '/start/../x',
      '/starts',
      '/Start',
      '/%73tart',
      '/start%2f',
      '/start;',
      '/start%00',
      '//start',
      '/./start',
      '/backchannel_logout',
      '/',
      '',
      '/callback/x',
      '/sign_out%20',
    ];
    for (const path of paths) {
      const reply = await ask(port, dialect, `${app}${OUTPOST}${path}`);
      expect([path, reply.status]).toEqual([path, dialect === 'nginx' ? 401 : 302]);
    }
    expect((await ask(port, dialect, `${app}/x${OUTPOST}/start`)).status).not.toBe(200);
    expect((await ask(port, dialect, `${app}/?${OUTPOST}/start`)).status).not.toBe(200);
  });
});

describe('5. the session cookie', () => {
  const name = cookieName('grafana');
  const value = () => alice[1].slice(alice[1].indexOf('=') + 1);
  test.each<[string, () => string]>([
    ['a value that was never given', () => `${name}=${'A'.repeat(43)}`],
    ['one character changed', () => `${name}=${value().slice(0, -1)}${value().endsWith('A') ? 'B' : 'A'}`],
    ['one character more', () => `${name}=${value()}A`],
    ['one character less', () => `${name}=${value().slice(0, -1)}`],
    ['empty', () => `${name}=`],
    ['the name in capitals', () => `${name.toUpperCase()}=${value()}`],
    ['the name of another application', () => `${cookieName('plain')}=${value()}`],
    ['the name with something before it', () => `x${name}=${value()}`],
    ['the name with something after it', () => `${name}x=${value()}`],
    ['the cookie inside another one', () => `x=${name}=${value()}`],
    ['the cookie inside quotes of another one', () => `x="; ${name}x=${value()}"`],
    // Attack: cookies that a neighbour host can plant for the whole domain (RFC 6265bis section 4.1.3.2).
    ['the name without its prefix', () => `${name.slice('__Host-'.length)}=${value()}`],
    ['the prefix in other letter case', () => `${name.replace('__Host-', '__host-')}=${value()}`],
    ['another prefix', () => `${name.replace('__Host-', '__Secure-')}=${value()}`],
    ['the cookie behind a space in another one', () => `x=1 ${name}=${value()}`],
    ['the cookie behind a tab in another one', () => `x=1\t${name}=${value()}`],
    ['the cookie as the value of one without a name', () => `=${name}=${value()}`],
    ['in quotes', () => `${name}="${value()}"`],
    ['behind four others of the name', () => `${`${name}=${'A'.repeat(43)}; `.repeat(4)}${name}=${value()}`],
    ['percent-encoded', () => `${name}=%${value().charCodeAt(0).toString(16)}${value().slice(1)}`],
    ['bytes above ASCII', () => `${name}=\xff\xfe\xc3\xa9`],
    ['very long', () => `${name}=${'x'.repeat(30_000)}`],
    ['a path', () => `${name}=../../../etc/passwd`],
    ['its hash', () => `${name}=${name.slice(-8)}`],
    ['JSON', () => `${name}={"user":"alice"}`],
  ])('%s is not a session', async (_, cookie) => {
    for (const dialect of dialects) {
      const reply = await ask(port, dialect, `${app}/page`, [['Cookie', cookie()], ...navigation]);
      expect(reply.status).toBe(dialect === 'nginx' ? 401 : 302);
      expect(['no_credentials', 'session_expired']).toContain(reply.get('x-gatepost-reason'));
      expect(reply.all('set-cookie')).toEqual([]);
    }
  });

  test.each<[string, () => Pairs]>([
    ['among others', () => [['Cookie', `a=b; ${alice[1]}; c=d`]]],
    ['without spaces', () => [['Cookie', `a=b;${alice[1]};c=d`]]],
    ['after broken ones', () => [['Cookie', `;; =; x; \xff=\xfe; ${alice[1]}`]]],
    ['in a second Cookie line', () => [['Cookie', 'a=b'], alice]],
    ['with a stale one of the same name before it', () => [['Cookie', `${name}=${'A'.repeat(43)}; ${alice[1]}`]]],
    ['with a stale one of the same name after it', () => [['Cookie', `${alice[1]}; ${name}=${'A'.repeat(43)}`]]],
    ['with the same one twice', () => [['Cookie', `${alice[1]}; ${alice[1]}`]]],
  ])('%s it is found', async (_, headers) => {
    const reply = await ask(port, 'traefik', `${app}/page`, headers());
    expect(reply.status).toBe(200);
    expect(reply.get('x-authentik-username')).toBe('alice');
  });

  test('session_expired says that there was one', async () => {
    const reply = await ask(port, 'traefik', `${app}/page`, [['Cookie', `${name}=${'A'.repeat(43)}`]]);
    expect(reply.get('x-gatepost-reason')).toBe('session_expired');
  });

  test("sent to another application under that one's name it is not a session", async () => {
    const foreign: [string, string] = ['Cookie', `${cookieName('exact')}=${value()}`];
    expect((await ask(port, 'traefik', 'https://exact.example.org/', [foreign])).status).toBe(302);
  });
});

describe('6. the first rule that matches', () => {
  test.each(dialects)('%s: deny is 403 for every client', async (dialect) => {
    for (const headers of [[], [alice], [['Accept', 'application/json']]] as Pairs[]) {
      const reply = await ask(port, dialect, `${app}/denied/x`, headers);
      expect(reply.status).toBe(403);
      expect(reply.get('x-gatepost-reason')).toBe('denied');
      expect(reply.all('location')).toEqual([]);
    }
  });

  test.each(dialects)('%s: public passes without identity, optional with it if there is one', async (dialect) => {
    expectAnonymous(await ask(port, dialect, `${app}/healthz`));
    expectAnonymous(await ask(port, dialect, `${app}/healthz`, [alice]));
    expectAnonymous(await ask(port, dialect, `${app}/optional`));
    expectAnonymous(
      await ask(port, dialect, `${app}/optional`, [['Cookie', `${cookieName('grafana')}=${'A'.repeat(43)}`]]),
    );
    expect((await ask(port, dialect, `${app}/optional`, [alice])).get('x-authentik-username')).toBe('alice');
  });

  test.each(dialects)('%s: required is 200 for permitted users, 403 for others', async (dialect) => {
    expect((await ask(port, dialect, `${app}/admin`, [alice])).status).toBe(200);
    const reply = await ask(port, dialect, `${app}/admin`, [bob, ...navigation]);
    expect(reply.status).toBe(403);
    expect(reply.get('x-gatepost-reason')).toBe('forbidden');
    expect(reply.all('x-authentik-username')).toEqual([]);
    expect((await ask(port, dialect, `${app}/for-bob`, [alice])).status).toBe(403);
    expect((await ask(port, dialect, `${app}/for-bob`, [bob])).status).toBe(200);
    expect((await ask(port, dialect, `${app}/mail`, [bob])).status).toBe(200);
    expect((await ask(port, dialect, `${app}/anything`, [bob])).status).toBe(200);
  });

  test('a rule with networks: the last address, or the one before the proxies that are listed', async () => {
    const lan = async (...headers: Pairs) => (await ask(port, 'traefik', `${app}/lan`, headers)).status;
    expect(await lan(['X-Forwarded-For', '203.0.113.9'])).toBe(302);
    const narrow = (await site.another('trusted_proxies: [127.0.0.0/8]')).http.port;
    const from = async (path: string, ...headers: Pairs) =>
      (await ask(narrow, 'traefik', `${app}${path}`, headers)).status;
    expect(await from('/lan', ['X-Forwarded-For', '10.1.2.3'])).toBe(200);
    expect(await from('/lan', ['X-Forwarded-For', '10.1.2.3, 127.0.0.5'])).toBe(200);
    expect(await from('/lan', ['X-Forwarded-For', '10.1.2.3, 203.0.113.9'])).toBe(302);
    expect(await from('/lan', ['X-Forwarded-For', '203.0.113.9'], ['X-Forwarded-For', '10.1.2.3'])).toBe(200);
    expect(await from('/lan', ['X-Forwarded-For', '10.1.2.3'], ['X-Forwarded-For', '203.0.113.9'])).toBe(302);
    expect(await from('/lan')).toBe(302);
    expect(await from('/lan', ['X-Forwarded-For', 'nonsense'])).toBe(302);
    expect(await from('/lan', ['X-Forwarded-For', '10.1.2.3, nonsense'])).toBe(302);
    expect(await from('/lan', ['X-Real-IP', '10.1.2.3'])).toBe(302);
    // Attack: a client of a private network is no proxy by the default list.
    expect(await lan(['X-Forwarded-For', '10.1.2.3, 192.168.1.5'])).toBe(302);
    expect(await lan(['X-Forwarded-For', '192.168.1.5, 10.1.2.3'])).toBe(200);
    expect(await lan(['X-Forwarded-For', '10.1.2.3:51234'])).toBe(200);
    expect(await lan(['X-Forwarded-For', '10.1.2.3:x'])).toBe(302);
    expect(await from('/no-lan')).toBe(403);
    expect(await from('/no-lan', ['X-Forwarded-For', '203.0.113.9'])).toBe(302);
    expect(await from('/no-lan', ['X-Forwarded-For', '10.1.2.3'])).toBe(403);
  });

  test('skip_path_regex comes first: the path for forward_single, the URL without fragment for forward_domain', async () => {
    const status = async (url: string) => (await ask(port, 'traefik', url, [alice])).status;
    expect(await status('https://skip.example.com/open/x')).toBe(200);
    expect(await status('https://skip.example.com/open/x?y=/closed')).toBe(200);
    expect(await status('https://skip.example.com/any')).toBe(200);
    expect(await status('https://skip.example.com/anyx')).toBe(302);
    expect(await status('https://skip.example.com/OPEN/x')).toBe(302);
    expect(await status('https://skip.example.com/x?/open/')).toBe(302);
    expect(await status('https://skip.example.com/x?u=https://skip.example.com/open/')).toBe(302);
    expect(await status('https://two.example.net/open')).toBe(200);
    expect(await status('https://TWO.example.net/open?x')).toBe(200);
    expect(await status('https://three.example.net/open')).toBe(302);
    expect(await status('https://three.example.net/x?https://two.example.net/open')).toBe(302);
  });
});

describe('ambiguous paths', () => {
  const tricks = [
    '/public/..%2fadmin',
    '/public/%2e%2e/admin',
    '/public/../admin',
    '/public/.%2e/admin',
    '//public/x',
    '/public\\..\\admin',
    '/public/%5c..%5cadmin',
    '/public;/x',
    '/public/%ef%b8%b0/admin',
    '/public/.%ff./admin',
    '/public/%ef%bc%852e%ef%bc%852e/admin',
    '/public/%00',
    '/public/x%00.png',
    '/public/..',
    '/public/%2e',
    '/public/..;/admin',
    '/public/%252e%252e/%2561dmin/../x',
    '/healthz/..',
    '/./healthz',
    '//healthz',
    '/healthz#',
  ];
  test.each(tricks)('%s matches no public rule', async (path) => {
    for (const dialect of dialects) {
      const reply = await ask(port, dialect, `${app}${path}`, navigation);
      expect([dialect, reply.status]).not.toEqual([dialect, 200]);
    }
  });

  test.each([
    '/Public/x',
    '/PUBLIC/',
    '/public',
    '/%70ublic',
    '/x/public/',
    '/?/public/',
    '/x?y=/public/',
    '/HEALTHZ',
    '/healthz/',
    '/healthzz',
  ])('%s is another path, and not public', async (path) => {
    for (const dialect of dialects) expect((await ask(port, dialect, `${app}${path}`)).status).not.toBe(200);
  });

  test.each([
    '/public/',
    '/public/a/b.c',
    '/public/%20x',
    '/public/caf%C3%A9',
    '/public/x?..%2f=/../;#',
    '/public/a..b',
  ])('%s is plainly public', async (path) => {
    for (const dialect of redirecting)
      expect([dialect, (await ask(port, dialect, `${app}${path}`)).status]).toEqual([dialect, 200]);
  });

  test.each([
    '/public/./x',
    '/public//x',
    '/public/x//y',
    '/public/x;y',
    '/public/x%3By=1',
    '/public/team%2Fa.png',
    '/public/a%2Fb%2Fc?x=%2F',
    '/public/x#y',
    '/public/M%FCnchen.pdf',
  ])('%s is public in every reading', async (path) => {
    for (const dialect of dialects)
      expect([dialect, (await ask(port, dialect, `${app}${path}`)).status]).toEqual([dialect, 200]);
  });

  test.each([
    '/x/..%2fdenied',
    '/x/../denied',
    '/%64enied',
    '//denied',
    '/./denied',
    '/x/%2e%2e/denied',
    '/%2fdenied',
    '/x//..//..//denied',
    '/%2e/%64enied',
    '/x\\..\\denied',
    '/d%65nied/x;y',
  ])('%s is /denied in one reading, and denied', async (path) => {
    for (const dialect of dialects)
      expect([dialect, (await ask(port, dialect, `${app}${path}`, [alice])).status]).toEqual([dialect, 403]);
  });

  test.each([
    '/x/..%2fadmin',
    '/x/../admin',
    '/%61dmin',
    '//admin',
    '/x/%2e%2e%2fadmin',
    '/healthz/../admin',
  ])('%s is /admin in one reading: bob may not', async (path) => {
    for (const dialect of dialects) {
      expect([dialect, (await ask(port, dialect, `${app}${path}`, [bob])).status]).toEqual([dialect, 403]);
      expect([dialect, (await ask(port, dialect, `${app}${path}`, [alice])).status]).toEqual([dialect, 200]);
    }
  });

  test('skip_path_regex is no exception', async () => {
    for (const host of ['skip.example.com', 'two.example.net']) {
      const status = async (path: string) => (await ask(port, 'traefik', `https://${host}${path}`)).status;
      for (const path of ['/open/..%2fx', '/open/../x', '/open/..;/x', '/open/%00']) {
        expect([host, path, await status(path)]).toEqual([host, path, 302]);
      }
      for (const path of ['/open//x', '/open/x;y', '/open/a%2Fb']) {
        expect([host, path, await status(path)]).toEqual([host, path, 200]);
      }
    }
  });
});

describe('7. the preflight', () => {
  const url = 'https://preflight.example.com/api';
  const origin: [string, string] = ['Origin', 'https://client.example'];
  const wanted: [string, string] = ['Access-Control-Request-Method', 'PUT'];
  test.each(dialects)('%s: without credentials it is 200 when skip_preflight is on, and only then', async (dialect) => {
    const status = async (headers: Pairs, method = 'OPTIONS', to = url) =>
      (await ask(port, dialect, to, headers, method)).status;
    expect(await status([origin, wanted])).toBe(200);
    expect(await status([origin])).toBe(401);
    expect(await status([wanted])).toBe(401);
    expect(await status([origin, wanted], 'GET')).not.toBe(200);
    expect(await status([origin, wanted], 'POST')).not.toBe(200);
    expect(await status([origin, wanted], 'OPTIONS', `${app}/api`)).toBe(401);
    expect(await status([origin, wanted], 'OPTIONS', 'https://preflight.example.com/denied')).toBe(403);
    expectAnonymous(await ask(port, dialect, url, [origin, wanted], 'OPTIONS'));
  });
});

describe('8. unauthenticated', () => {
  const visit = async (dialect: DialectName, headers: Pairs, method = 'GET') =>
    ask(port, dialect, `${app}/page?a=1&b`, headers, method);
  const accepts: [string, Pairs, string, boolean][] = [
    ['Accept absent', [], 'GET', true],
    ['Accept absent, HEAD', [], 'HEAD', true],
    ['text/html', [['Accept', 'text/html']], 'GET', true],
    ['anything', [['Accept', '*/*']], 'GET', true],
    ['text/*', [['Accept', 'text/*;q=0.5']], 'GET', false],
    ['xhtml', [['Accept', 'application/xhtml+xml,*/*;q=0.8']], 'GET', true],
    ['an image', [['Accept', 'image/avif,image/webp,*/*;q=0.8']], 'GET', false],
    ['a style sheet', [['Accept', 'text/css,*/*;q=0.1']], 'GET', false],
    ['a program', [['Accept', 'application/json, text/plain, */*']], 'GET', false],
    ['TEXT/HTML', [['Accept', 'TEXT/HTML']], 'GET', true],
    [
      'two Accept lines',
      [
        ['Accept', 'application/json'],
        ['Accept', 'text/html'],
      ],
      'GET',
      true,
    ],
    ['JSON only', [['Accept', 'application/json']], 'GET', false],
    ['an image', [['Accept', 'image/avif,image/webp']], 'GET', false],
    ['HTML refused', [['Accept', 'text/html;q=0, application/json']], 'GET', false],
    ['HTML refused among anything', [['Accept', 'text/html;q=0, */*']], 'GET', false],
    ['text/html2', [['Accept', 'text/html2']], 'GET', false],
    [
      'XMLHttpRequest',
      [
        ['Accept', 'text/html'],
        ['X-Requested-With', 'XMLHttpRequest'],
      ],
      'GET',
      false,
    ],
    [
      'a WebSocket',
      [
        ['Accept', 'text/html'],
        ['Upgrade', 'websocket'],
      ],
      'GET',
      false,
    ],
    ['a WebSocket in capitals', [['Upgrade', 'WebSocket']], 'GET', false],
    ['a POST', [['Accept', 'text/html']], 'POST', false],
    ['a PROPFIND', [], 'PROPFIND', false],
    ['navigate', [['Sec-Fetch-Mode', 'navigate']], 'GET', true],
    [
      'navigate with a POST',
      [
        ['Sec-Fetch-Mode', 'navigate'],
        ['Accept', 'text/html'],
      ],
      'POST',
      true,
    ],
    [
      'navigate, whatever Accept says',
      [
        ['Sec-Fetch-Mode', 'navigate'],
        ['Accept', 'application/json'],
      ],
      'GET',
      true,
    ],
    [
      'cors',
      [
        ['Sec-Fetch-Mode', 'cors'],
        ['Accept', 'text/html'],
      ],
      'GET',
      false,
    ],
    [
      'no-cors',
      [
        ['Sec-Fetch-Mode', 'no-cors'],
        ['Accept', '*/*'],
      ],
      'GET',
      false,
    ],
    [
      'same-origin',
      [
        ['Sec-Fetch-Mode', 'same-origin'],
        ['Accept', 'text/html'],
      ],
      'GET',
      false,
    ],
    ['websocket', [['Sec-Fetch-Mode', 'websocket']], 'GET', false],
  ];
  describe.each(dialects)('%s', (dialect) => {
    test.each(accepts)('%s', async (_, headers, method, isVisit) => {
      const reply = await visit(dialect, headers, method);
      const login = startUrl(app, `${app}/page?a=1&b`);
      expect(reply.get('x-gatepost-reason')).toBe('no_credentials');
      expect(reply.all('www-authenticate')).toEqual([]);
      expect(reply.all('set-cookie')).toEqual([]);
      if (dialect === 'nginx') {
        expect(reply.status).toBe(401);
        expect(reply.get('location')).toBe(isVisit ? login : undefined);
      } else if (isVisit) {
        expect(reply.status).toBe(method === 'POST' ? 303 : 302);
        expect(reply.get('location')).toBe(login);
        expect(reply.get('content-type')).toBe('text/plain; charset=utf-8');
        if (method !== 'HEAD') expect(reply.body).toBe(`not signed in, log in at: ${login}\n`);
      } else {
        expect(reply.status).toBe(401);
        expect(reply.get('location')).toBeUndefined();
        expect(reply.body).toContain(login);
      }
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
