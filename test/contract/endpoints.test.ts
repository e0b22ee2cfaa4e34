/** Endpoints: which paths there are, what calls them, and how they respond. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  type Contract,
  createVisitor,
  dialects,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  send,
  sendRaw,
  signedIn,
  startContract,
} from './setup.ts';

let site: Contract;
let port: number;
let cookie: [string, string];
beforeAll(async () => {
  site = await startContract();
  port = site.port;
  cookie = await signedIn(site, 'grafana');
});
afterAll(() => site.close());

const page = 'https://app.example.com/page?a=1&b=2';
const forwarded: Pairs = [
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'app.example.com'],
  ['X-Forwarded-Uri', '/page?a=1&b=2'],
];

describe('the auth endpoints', () => {
  const authRequests: [string, Pairs, number][] = [
    [`${OUTPOST}/auth/nginx`, [['X-Original-URL', page]], 401],
    ['/auth/nginx', [['X-Original-URL', page]], 401],
    [`${OUTPOST}/auth/traefik`, forwarded, 302],
    ['/auth/traefik', forwarded, 302],
    [`${OUTPOST}/auth/caddy`, forwarded, 302],
    ['/auth/caddy', forwarded, 302],
    [`${OUTPOST}/auth/envoy/page?a=1&b=2`, [['Host', 'app.example.com']], 302],
    ['/auth/envoy/page?a=1&b=2', [['Host', 'app.example.com']], 302],
    [`${OUTPOST}/auth`, [['X-Original-URL', page]], 401],
    [`${OUTPOST}/auth?traefik`, forwarded, 302],
    [`${OUTPOST}/auth?traefik=true`, forwarded, 302],
    [`${OUTPOST}/auth?x=1&traefik`, forwarded, 302],
    [`${OUTPOST}/auth?nginx`, [['X-Original-URL', page]], 401],
  ];
  test.each(
    authRequests,
  )('%s: a client without a session is sent to the login, a session passes', async (path, headers, status) => {
    const anonymous = await send(port, path, [...headers, ...navigation]);
    expect(anonymous.status).toBe(status);
    expect(anonymous.get('location')).toBe(`https://app.example.com${OUTPOST}/start?rd=${encodeURIComponent(page)}`);
    expect(anonymous.get('cache-control')).toBe('no-store');
    const known = await send(port, path, [...headers, cookie]);
    expect(known.status).toBe(200);
    expect(known.get('x-authentik-username')).toBe('alice');
    expect(known.get('cache-control')).toBe('no-store');
    expect(known.all('set-cookie')).toEqual([]);
  });

  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'PATCH', 'PURGE'];
  test.each(methods)("%s of the proxy makes no difference: the client's method matters", async (method) => {
    for (const [path, headers, status] of authRequests.filter(([path]) => !path.includes('envoy'))) {
      const anonymous = await send(port, path, [...headers, ...navigation], method);
      expect([method, path, anonymous.status]).toEqual([method, path, status]);
      expect(anonymous.get('location')).toContain('/start?rd=');
      expect((await send(port, path, [...headers, cookie], method)).status).toBe(200);
      if (method === 'HEAD') expect(anonymous.body).toBe('');
    }
  });

  test('a POST with a body is handled like any other, without waiting for its body', async () => {
    const answer = await sendRaw(
      port,
      `POST ${OUTPOST}/auth/nginx HTTP/1.1\r\nHost: x\r\nX-Original-URL: ${page}\r\nConnection: close\r\nContent-Length: 100\r\n\r\nonly this`,
    );
    expect(answer.status).toBe(401);
  });

  test('HTTP/1.0, the default of nginx', async () => {
    const answer = await sendRaw(
      port,
      `GET ${OUTPOST}/auth/nginx HTTP/1.0\r\nHost: gatepost\r\nX-Original-URL: ${page}\r\n${cookie[0]}: ${cookie[1]}\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(answer.get('x-authentik-username')).toBe('alice');
    expect(answer.all('transfer-encoding')).toEqual([]);
  });

  test('a WebSocket handshake that the proxy passes on whole is handled like any auth request', async () => {
    const headers = forwarded.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const shake = `Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n`;
    const path = `${OUTPOST}/auth/traefik`;
    const anonymous = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${shake}${headers}\r\n`);
    expect(anonymous.status).toBe(401);
    const session = `${cookie[0]}: ${cookie[1]}\r\n`;
    const reply = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${shake}${session}${headers}\r\n`);
    expect(reply.status).toBe(200);
  });

  test('two auth requests on one connection, the first with a body', async () => {
    const first = `POST ${OUTPOST}/auth/nginx HTTP/1.1\r\nHost: x\r\nX-Original-URL: https://app.example.com/healthz\r\nContent-Length: 5\r\n\r\nhello`;
    const second = `GET ${OUTPOST}/auth/nginx HTTP/1.1\r\nHost: x\r\nX-Original-URL: ${page}\r\nConnection: close\r\n\r\n`;
    const { raw } = await sendRaw(port, first + second);
    expect(raw.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
  });

  test('64 KiB of headers are accepted', async () => {
    const many: Pairs = Array.from({ length: 15 }, (_, i) => [`X-Many-${i}`, 'x'.repeat(4096)]);
    expect((await ask(port, 'traefik', page, [...many, cookie])).status).toBe(200);
  });

  test('an absolute-form target is the same auth request, or none: never allowed without a session', async () => {
    const answer = await send(port, `http://gatepost${OUTPOST}/auth/traefik`, [...forwarded, ...navigation]);
    expect([302, 404]).toContain(answer.status);
    const envoy = await send(port, `http://gatepost${OUTPOST}/auth/envoy/healthz`, [['Host', 'nowhere.example.com']]);
    expect(envoy.status).toBe(404);
  });

  test.each([
    '/auth',
    '/auth/',
    '/auth/apache',
    `${OUTPOST}/auth/haproxy`,
    `${OUTPOST}/authx`,
    `${OUTPOST}/AUTH/nginx`,
    `/x${OUTPOST}/auth/nginx`,
  ])('%s is no endpoint: 404', async (path) => {
    expect((await send(port, path, [['X-Original-URL', 'https://app.example.com/healthz'], cookie])).status).toBe(404);
  });

  test.each([
    `${OUTPOST}/auth/nginx`,
    `${OUTPOST}/auth/traefik`,
    `${OUTPOST}/auth/caddy`,
    `${OUTPOST}/auth/envoy/page`,
    `${OUTPOST}/auth`,
  ])('%s stays an auth request whatever marks its query has', async (path) => {
    const headers: Pairs = [['X-Original-URL', page], ['Host', 'app.example.com'], ...forwarded, ...navigation];
    for (const mark of ['X-authentik-auth-callback', 'X-authentik-logout']) {
      const answer = await send(port, `${path}?${mark}=true&code=x&state=y`, headers);
      expect(answer.status).toBe(path.endsWith('nginx') || path.endsWith('/auth') ? 401 : 302);
      expect(answer.get('location')).toContain('https://app.example.com/outpost.goauthentik.io/start?rd=');
      expect(answer.all('set-cookie')).toEqual([]);
    }
    expect((await send(port, `${path}?X-authentik-logout=true`, [...headers, cookie])).status).toBe(200);
    expect((await ask(port, 'nginx', page, [cookie])).status).toBe(200);
  });
});

describe('every response of /auth/* has Cache-Control: no-store', () => {
  test.each(dialects)('%s', async (dialect) => {
    const answers = [
      await ask(port, dialect, 'https://app.example.com/healthz'),
      await ask(port, dialect, page),
      await ask(port, dialect, page, [['Accept', 'application/json']]),
      await ask(port, dialect, 'https://app.example.com/denied'),
      await ask(port, dialect, 'https://app.example.com/for-bob', [cookie]),
      await ask(port, dialect, 'https://unknown.example.com/'),
      await ask(port, dialect, 'https://app.example.com/page', [
        ['X-Forwarded-Proto', 'gopher'],
        ['X-Original-URI', '/other'],
      ]),
      await ask(port, dialect, `https://app.example.com${OUTPOST}/start`),
    ];
    expect(answers.map((one) => one.get('cache-control'))).toEqual(answers.map(() => 'no-store'));
    const expected =
      dialect === 'nginx' ? [200, 401, 401, 403, 403, 403, 500, 200] : [200, 302, 401, 403, 403, 404, 500, 200];
    expect(answers.map((one) => one.status)).toEqual(expected);
  });
});

test.each([
  ['100-continue', 200],
  ['tea', 200],
])("the client's Expect: %s does not change the response", async (expectation, status) => {
  const answer = await ask(port, 'nginx', 'https://app.example.com/healthz', [['Expect', expectation]]);
  expect(answer.raw).toMatch(new RegExp(`^(?:HTTP/1.1 100 Continue\r\n\r\n)?HTTP/1.1 ${status} `));
});

describe('the browser endpoints', () => {
  const host: Pairs = [
    ['X-Forwarded-Host', 'app.example.com'],
    ['X-Forwarded-Proto', 'https'],
  ];

  test.each(['GET', 'HEAD'])('start: %s is a 302 to the provider with the documented redirect URI', async (method) => {
    const answer = await send(port, `${OUTPOST}/start?rd=%2Fx`, host, method);
    expect(answer.status).toBe(302);
    const url = new URL(answer.get('location')!);
    expect(url.origin).toBe(site.provider.issuer);
    expect(url.searchParams.get('redirect_uri')).toBe(
      'https://app.example.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true',
    );
    expect(url.searchParams.get('client_id')).toBe('grafana');
    expect(url.searchParams.get('response_type')).toBe('code');
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('nonce')).toMatch(/^.{16,}$/);
    expect(url.searchParams.get('scope')?.split(' ')).toContain('openid');
  });

  test('start without rd leads to the application in the end', async () => {
    const visitor = createVisitor(site, port);
    const start = await visitor.open(`${hostOf('grafana')}${OUTPOST}/start`);
    const back = await visitor.follow(
      `${start.location}&login_hint=alice`,
      (url) => url.origin !== site.provider.issuer,
    );
    expect((await visitor.open(back.location!)).location).toBe('https://app.example.com/');
  });

  test.each([
    '/outpost.goauthentik.io/callback',
    '/any/path',
    '/',
  ])("%s with the callback's mark, in any case of true, finishes a login", async (path) => {
    for (const word of ['true', 'TRUE', 'True', 'tRuE']) {
      const visitor = createVisitor(site, port);
      const callback = new URL(await visitor.begin('https://app.example.com/there'));
      callback.pathname = path;
      callback.searchParams.set('X-authentik-auth-callback', word);
      expect((await visitor.open(callback.href)).location).toBe('https://app.example.com/there');
      expect(visitor.cookie('grafana')).not.toBe('');
    }
  });

  test("any path with the logout's mark, in any case of true, signs out", async () => {
    for (const [path, word] of [
      ['/', 'true'],
      ['/deep/path', 'TRUE'],
      ['/x', 'True'],
    ]) {
      const visitor = createVisitor(site, port);
      await visitor.signIn('https://app.example.com/', 'bob');
      const session: [string, string] = ['Cookie', visitor.cookie('grafana')];
      expect((await ask(port, 'traefik', page, [session])).status).toBe(200);
      expect((await visitor.open(`https://app.example.com${path}?X-authentik-logout=${word}`)).status).toBe(302);
      expect((await ask(port, 'traefik', page, [session])).status).toBe(302);
    }
  });

  test.each([
    'X-authentik-auth-callback=false',
    'X-authentik-auth-callback=1',
    'X-authentik-auth-callback',
    'X-authentik-logout=no',
    'X-authentik-logout=',
    'x=X-authentik-logout=true',
  ])('?%s is no mark: 404', async (query) => {
    expect((await send(port, `/any?${query}`, [...host, cookie])).status).toBe(404);
    expect((await ask(port, 'nginx', page, [cookie])).status).toBe(200);
  });

  test.each([
    'start',
    'callback',
    'sign_out',
    'session',
  ])('%s of an unknown host: 404 naming it, and no cookie', async (name) => {
    const answer = await send(port, `${OUTPOST}/${name}`, [['X-Forwarded-Host', 'unknown.example.com']]);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('unknown.example.com');
    expect(answer.all('set-cookie')).toEqual([]);
  });

  test('a host from the request is shown escaped', async () => {
    const answer = await send(port, `${OUTPOST}/start`, [['X-Forwarded-Host', '<script>alert(1)</script>']]);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('<script>');
  });
});

describe('ping, health, metrics and the rest', () => {
  test.each(['GET', 'HEAD', 'POST'])('ping: %s is 204 and touches nothing', async (method) => {
    const answer = await send(
      port,
      `${OUTPOST}/ping`,
      [
        ['X-Forwarded-Host', 'nowhere'],
        ['Cookie', 'x=y'],
      ],
      method,
    );
    expect(answer.status).toBe(204);
    expect(answer.all('set-cookie')).toEqual([]);
    expect(answer.body).toBe('');
  });

  test.each(['live', 'ready'])('/-/health/%s is 200', async (name) => {
    expect((await send(port, `/-/health/${name}`)).status).toBe(200);
    expect((await send(port, `/-/health/${name}`, [], 'HEAD')).status).toBe(200);
  });

  test('metrics are on their own listener, never on listen.http', async () => {
    expect((await send(port, '/metrics')).status).toBe(404);
    const metrics = await send(site.metrics, '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.body).toMatch(/^# (HELP|TYPE) /m);
    expect(
      (await send(site.metrics, `${OUTPOST}/auth/nginx`, [['X-Original-URL', 'https://app.example.com/healthz']]))
        .status,
    ).toBe(404);
  });

  test.each([
    '/',
    '/index.html',
    OUTPOST,
    `${OUTPOST}/`,
    `${OUTPOST}/unknown`,
    '/-/health',
    '/-/',
    '//',
    '/..',
    '/%2e%2e/',
    '/favicon.ico',
    `${OUTPOST}/start/x`,
    `${OUTPOST}//start`,
    `${OUTPOST}/Start`,
  ])('%s: 404', async (path) => {
    expect((await send(port, path, [['X-Forwarded-Host', 'app.example.com']])).status).toBe(404);
  });

  test.each([
    '/%',
    '/%zz?%',
    '/?%ff=%c0',
    '*',
    `${OUTPOST}/start?rd=%`,
    `${OUTPOST}/callback?state=%ff&code=%`,
  ])('a malformed target (%s) gets a status below 500', async (path) => {
    const answer = await send(port, path, [['X-Forwarded-Host', 'app.example.com']], path === '*' ? 'OPTIONS' : 'GET');
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(answer.status).toBeLessThan(500);
  });

  // Attack: a server that searches all parameters again for each of them is blocked for a minute.
  test.each([
    ['/x', 404],
    [`${OUTPOST}/callback`, 302],
  ])('%s with 35,000 parameters is handled like any other', async (path, status) => {
    const answer = await send(port, `${path}?${'a&'.repeat(35_000)}`, [['X-Forwarded-Host', 'app.example.com']]);
    expect(answer.status).toBe(status);
  });

  test('the back channel takes POST only, and a POST without a token is 400', async () => {
    const answer = await send(port, `${OUTPOST}/backchannel_logout`, [], 'POST', 'x=y');
    expect(answer.status).toBe(400);
    expect(answer.get('cache-control')).toBe('no-store');
    expect((await send(port, `${OUTPOST}/backchannel_logout`)).status).toBeGreaterThanOrEqual(400);
  });
});
