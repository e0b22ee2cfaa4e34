/** Auth requests: which URL and method the client asked for, and which application that is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  type Contract,
  dialects,
  navigation,
  OUTPOST,
  type Pairs,
  type Reply,
  send,
  signedIn,
  startContract,
} from './setup.ts';

let site: Contract;
let port: number;
/** The port of a Gatepost with `nginx_method_header: X-Original-Method`. */
let withMethod: number;
let cookie: [string, string];
/** A session there. */
let withMethodCookie: [string, string];
beforeAll(async () => {
  site = await startContract();
  port = site.port;
  withMethod = (await site.another('nginx_method_header: X-Original-Method')).http.port;
  cookie = await signedIn(site, 'grafana');
  withMethodCookie = await signedIn(site, 'grafana', 'alice', withMethod);
});
afterAll(() => site.close());

const nginx = (headers: Pairs, to = port) => send(to, `${OUTPOST}/auth/nginx`, [...headers, ...navigation]);
const traefik = (headers: Pairs, dialect = 'traefik') =>
  send(port, `${OUTPOST}/auth/${dialect}`, [...headers, ...navigation]);
const envoy = (path: string, headers: Pairs, method = 'GET') =>
  send(port, `${OUTPOST}/auth/envoy${path}`, [...headers, ...navigation], method);
/** The forwarded URL, as the return URL of the login has it. */
const asked = (reply: Reply) => new URL(reply.get('location') ?? 'none:').searchParams.get('rd');
const unusable = (reply: Reply, name: string) => {
  expect(reply.status).toBe(500);
  expect(reply.body).toMatch(/^configuration error: /);
  expect(reply.body.toLowerCase()).toContain(name.toLowerCase());
  expect(reply.get('x-gatepost-reason')).toBe('configuration_error');
  expect(reply.get('cache-control')).toBe('no-store');
};

describe('nginx', () => {
  const app = 'app.example.com';
  const forms: [string, Pairs, string][] = [
    ['X-Original-URL', [['X-Original-URL', `https://${app}/a?b=c&d`]], `https://${app}/a?b=c&d`],
    [
      'X-Original-URI with proto and host',
      [
        ['X-Original-URI', '/a?b'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', app],
      ],
      `https://${app}/a?b`,
    ],
    [
      'X-Forwarded-Uri with proto and host',
      [
        ['X-Forwarded-Uri', '/a?b'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', app],
      ],
      `https://${app}/a?b`,
    ],
    [
      'X-Original-URI with Host',
      [
        ['X-Original-URI', '/a'],
        ['X-Forwarded-Proto', 'https'],
        ['Host', app],
      ],
      `https://${app}/a`,
    ],
    [
      'no proto: that of the application (https)',
      [
        ['X-Original-URI', '/a'],
        ['Host', app],
      ],
      `https://${app}/a`,
    ],
    [
      'no proto: that of the application (http)',
      [
        ['X-Original-URI', '/a'],
        ['Host', 'plain.example.com'],
      ],
      'http://plain.example.com/a',
    ],
    [
      'no proto, with a port',
      [
        ['X-Original-URI', '/a'],
        ['Host', 'port.example.com:8443'],
      ],
      'https://port.example.com:8443/a',
    ],
    [
      'X-Original-URL wins for scheme and host',
      [
        ['X-Original-URL', `https://${app}/a`],
        ['X-Original-URI', '/a'],
        ['X-Forwarded-Host', 'plain.example.com'],
      ],
      `https://${app}/a`,
    ],
    [
      'all three agree',
      [
        ['X-Original-URL', `https://${app}/a?b`],
        ['X-Original-URI', '/a?b'],
        ['X-Forwarded-Uri', '/a?b'],
      ],
      `https://${app}/a?b`,
    ],
    ['wss counts as https', [['X-Original-URL', `wss://${app}/a`]], `https://${app}/a`],
    [
      'lists of equal values count as one',
      [
        ['X-Original-URI', '/a'],
        ['X-Forwarded-Proto', 'https, https'],
        ['X-Forwarded-Host', app],
        ['X-Forwarded-Host', app],
      ],
      `https://${app}/a`,
    ],
    [
      'its own Host may be the same application',
      [
        ['X-Original-URL', `https://${app}/a`],
        ['Host', `${app}:443`],
      ],
      `https://${app}/a`,
    ],
  ];
  test.each(forms)('%s', async (_, headers, url) => {
    const reply = await nginx(headers);
    expect(reply.status).toBe(401);
    expect(asked(reply)).toBe(url);
  });

  test.each<[string, Pairs]>([
    [
      'X-Original-URI names another path',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Original-URI', '/page'],
      ],
    ],
    [
      'X-Forwarded-Uri names another path',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Forwarded-Uri', '/page'],
      ],
    ],
    [
      'another query',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Original-URI', '/healthz?a'],
      ],
    ],
    [
      'X-Original-URI and X-Forwarded-Uri differ',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Forwarded-Uri', '/page'],
        ['Host', app],
      ],
    ],
    [
      'only the spelling differs',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Original-URI', '/%68ealthz'],
      ],
    ],
    [
      'one of them is empty',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Original-URI', ''],
      ],
    ],
  ])('%s: not allowed', async (_, headers) => {
    for (const order of [headers, [...headers].reverse()]) expect((await nginx([...order, cookie])).status).toBe(500);
  });

  test.each<[string, Pairs, string]>([
    ['nothing at all', [], 'X-Original-URL'],
    [
      'X-Original-URL twice',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['X-Original-URL', `https://${app}/healthz`],
      ],
      'X-Original-URL',
    ],
    ['empty', [['X-Original-URL', '']], 'X-Original-URL'],
    ['a path only', [['X-Original-URL', '/healthz']], 'X-Original-URL'],
    ['another scheme', [['X-Original-URL', `ftp://${app}/healthz`]], 'X-Original-URL'],
    ['javascript', [['X-Original-URL', 'javascript:alert(1)//healthz']], 'X-Original-URL'],
    ['user information', [['X-Original-URL', `https://user@${app}/healthz`]], 'X-Original-URL'],
    [
      'user information that looks like the host',
      [['X-Original-URL', `https://${app}:pw@evil.example.com/healthz`]],
      'X-Original-URL',
    ],
    ['a space', [['X-Original-URL', `https://${app}/health z`]], 'X-Original-URL'],
    ['a tab', [['X-Original-URL', `https://${app}/health\tz`]], 'X-Original-URL'],
    ['a space in the host', [['X-Original-URL', `https://app .example.com/healthz`]], 'X-Original-URL'],
    ['no host', [['X-Original-URL', 'https:///healthz']], 'X-Original-URL'],
    ['a host with a query behind it', [['X-Original-URL', `https://${app}?/healthz`]], 'X-Original-URL'],
    ['a host with a fragment behind it', [['X-Original-URL', `https://${app}#/healthz`]], 'X-Original-URL'],
    ['a host alone', [['X-Original-URL', `https://${app}`]], 'X-Original-URL'],
    ['a port that is none', [['X-Original-URL', `https://${app}:0443/healthz`]], 'X-Original-URL'],
    [
      'a Host of another application',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['Host', 'plain.example.com'],
      ],
      'Host',
    ],
    [
      'a Host of another application, with a port of nobody',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['Host', 'plain.example.com:81'],
      ],
      'Host',
    ],
    [
      'two Hosts',
      [
        ['X-Original-URL', `https://${app}/healthz`],
        ['Host', app],
        ['Host', app],
      ],
      'Host',
    ],
    [
      'X-Original-URI without a slash',
      [
        ['X-Original-URI', 'healthz'],
        ['Host', app],
      ],
      'X-Original-URI',
    ],
    [
      'X-Original-URI twice',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Original-URI', '/healthz'],
        ['Host', app],
      ],
      'X-Original-URI',
    ],
    [
      'X-Forwarded-Host twice, with two values',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Forwarded-Host', app],
        ['X-Forwarded-Host', 'plain.example.com'],
      ],
      'X-Forwarded-Host',
    ],
    [
      'X-Forwarded-Host as a list',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Forwarded-Host', `${app}, plain.example.com`],
      ],
      'X-Forwarded-Host',
    ],
    [
      'X-Forwarded-Proto of another kind',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Forwarded-Proto', 'file'],
        ['Host', app],
      ],
      'X-Forwarded-Proto',
    ],
    [
      'X-Forwarded-Proto twice, with two values',
      [
        ['X-Original-URI', '/healthz'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Proto', 'http'],
        ['Host', app],
      ],
      'X-Forwarded-Proto',
    ],
    ['underscores', [['X_Original_URL', `https://${app}/healthz`]], 'X-Original-URL'],
    ['dots', [['X.Original.URL', `https://${app}/healthz`]], 'X-Original-URL'],
  ])('%s: 500 that names the header', async (_, headers, name) => {
    unusable(await nginx([...headers, cookie]), name);
  });

  // Attack: `GET http://admin.hosts.example/` with `Host: pub.hosts.example`: authentik's lines for nginx serve the site of the
  // request line (`Host $host`), and ask about the other one (`X-Original-URL $scheme://$http_host$request_uri`).
  test.each([
    ['https://pub.hosts.example/', 'admin.hosts.example'],
    ['https://pub.hosts.example/', 'wiki.hosts.example:81'],
    ['https://wiki.hosts.example/', 'admin.hosts.example'],
    ['https://two.example.net/open', 'one.example.net'],
  ])('%s with the Host %s of the same application, where rules tell them apart: 500 that names it', async (url, host) => {
    const { hostname, pathname } = new URL(url);
    unusable(await nginx([['X-Original-URL', url], ['Host', host], cookie]), 'Host');
    const parts: Pairs = [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', hostname],
      ['X-Forwarded-Uri', pathname],
    ];
    unusable(await traefik([...parts, ['Host', host]], 'caddy'), 'Host');
  });

  test.each([
    ['https://pub.hosts.example/', 'pub.hosts.example:443', 200],
    ['https://pub.hosts.example/', 'gatepost:9000', 200],
    ['https://two.example.net/open', 'gatepost:9000', 200],
    ['https://two.example.net/closed', 'one.example.net', 401],
    ['https://two.example.org/', 'one.example.org', 401],
  ])('%s with the Host %s is no contradiction', async (url, host, status) => {
    expect(
      (
        await nginx([
          ['X-Original-URL', url],
          ['Host', host],
        ])
      ).status,
    ).toBe(status);
  });

  // Attack: Node silently drops headers after the first 1,000: here, the one that contradicts.
  test('a header after a thousand others is not ignored', async () => {
    const url: Pairs = [['X-Original-URL', `https://${app}/healthz`]];
    const many = (count: number): Pairs => Array.from({ length: count }, () => ['a', 'b']);
    const contradiction: Pairs = [['X-Original-URI', '/other']];
    const pushedOut = await send(port, `${OUTPOST}/auth/nginx`, [...url, ...many(1000), ...contradiction]);
    expect([pushedOut.status, pushedOut.get('x-gatepost-reason')]).toEqual([403, 'headers_too_large']);
    expect((await send(port, `${OUTPOST}/auth/nginx`, [...url, ...many(900)])).status).toBe(200);
  });

  test('just under 16 KiB is still a URL', async () => {
    const reply = await nginx([['X-Original-URL', `https://${app}/public/${'x'.repeat(16_000)}`]]);
    expect(reply.status).toBe(200);
  });

  test("a client cannot add to the headers that the operator sets: other dialects' headers are ignored", async () => {
    const reply = await nginx([
      ['X-Original-URL', `https://${app}/page`],
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Host', 'plain.example.com'],
      ['X-Forwarded-Proto', 'http'],
    ]);
    expect(asked(reply)).toBe(`https://${app}/page`);
  });
});

describe('the method in the nginx dialect', () => {
  const app = 'https://app.example.com';
  test('without nginx_method_header it is unknown, whatever the client sends', async () => {
    for (const name of ['X-Original-Method', 'X-Forwarded-Method', 'X-HTTP-Method-Override']) {
      const reply = await nginx([
        ['X-Original-URL', `${app}/read`],
        [name, 'GET'],
      ]);
      expect([name, reply.status]).toEqual([name, 401]);
      expect((await nginx([['X-Original-URL', `${app}/strict`], [name, 'GET'], cookie])).status).toBe(403);
    }
  });

  test('unknown: no public or optional rule with methods, required and deny rules with methods count as matched', async () => {
    expect((await nginx([['X-Original-URL', `${app}/read`]])).status).toBe(401);
    expect((await nginx([['X-Original-URL', `${app}/maybe`]])).status).toBe(401);
    expect((await nginx([['X-Original-URL', `${app}/write`], cookie])).status).toBe(403);
    expect((await nginx([['X-Original-URL', `${app}/strict`], cookie])).status).toBe(403);
    expect((await nginx([['X-Original-URL', `${app}/strict`]])).status).toBe(403);
  });

  test('unknown: a navigation counts as a GET', async () => {
    const reply = await send(port, `${OUTPOST}/auth/nginx`, [
      ['X-Original-URL', `${app}/page`],
      ['Accept', 'text/html'],
    ]);
    expect(reply.get('location')).toContain('/start?rd=');
  });

  test('unknown: no preflight', async () => {
    const preflight: Pairs = [
      ['Origin', 'https://x.example'],
      ['Access-Control-Request-Method', 'GET'],
    ];
    const url = 'https://preflight.example.com/api';
    expect(
      (
        await send(port, `${OUTPOST}/auth/nginx`, [
          ['X-Original-URL', url],
          ['X-Original-Method', 'OPTIONS'],
          ...preflight,
        ])
      ).status,
    ).toBe(401);
    expect(
      (
        await send(withMethod, `${OUTPOST}/auth/nginx`, [
          ['X-Original-URL', url],
          ['X-Original-Method', 'OPTIONS'],
          ...preflight,
        ])
      ).status,
    ).toBe(200);
  });

  test('with nginx_method_header it is used', async () => {
    const method = (value: string): Pairs => [['X-Original-Method', value]];
    expect((await nginx([['X-Original-URL', `${app}/read`], ...method('GET')], withMethod)).status).toBe(200);
    expect((await nginx([['X-Original-URL', `${app}/read`], ...method('POST')], withMethod)).status).toBe(401);
    expect(
      (await nginx([['X-Original-URL', `${app}/write`], ...method('GET'), withMethodCookie], withMethod)).status,
    ).toBe(200);
    expect(
      (await nginx([['X-Original-URL', `${app}/strict`], ...method('GET'), withMethodCookie], withMethod)).status,
    ).toBe(200);
    expect(
      (await nginx([['X-Original-URL', `${app}/strict`], ...method('DELETE'), withMethodCookie], withMethod)).status,
    ).toBe(403);
  });

  test('with it, a method that is missing, empty, repeated or odd matches no public rule', async () => {
    const odd: Pairs[] = [
      [],
      [['X-Original-Method', '']],
      [
        ['X-Original-Method', 'GET'],
        ['X-Original-Method', 'GET'],
      ],
      [['X-Original-Method', 'GET, GET']],
      [['X-Original-Method', 'GE T']],
      [['X_Original_Method', 'GET']],
    ];
    for (const headers of odd) {
      const reply = await nginx([['X-Original-URL', `${app}/read`], ...headers], withMethod);
      expect([headers, [401, 500].includes(reply.status)]).toEqual([headers, true]);
      const denied = await nginx([['X-Original-URL', `${app}/strict`], ...headers, withMethodCookie], withMethod);
      expect([headers, [403, 500].includes(denied.status)]).toEqual([headers, true]);
    }
  });
});

describe.each(['traefik', 'caddy'])('%s', (dialect) => {
  const proto: [string, string] = ['X-Forwarded-Proto', 'https'];
  const host: [string, string] = ['X-Forwarded-Host', 'app.example.com'];
  const uri: [string, string] = ['X-Forwarded-Uri', '/page?a=b'];

  test.each(['https', 'wss', 'HTTPS'])('proto %s', async (scheme) => {
    expect(asked(await traefik([['X-Forwarded-Proto', scheme], host, uri], dialect))).toBe(
      'https://app.example.com/page?a=b',
    );
  });

  test('ws counts as http', async () => {
    const reply = await traefik([['X-Forwarded-Proto', 'ws'], ['X-Forwarded-Host', 'plain.example.com'], uri], dialect);
    expect(asked(reply)).toBe('http://plain.example.com/page?a=b');
  });

  test('the headers of nginx are not read', async () => {
    const reply = await traefik(
      [
        proto,
        host,
        uri,
        ['X-Original-URL', 'https://app.example.com/healthz'],
        ['X-Original-URI', '/healthz'],
        ['X-Original-Method', 'POST'],
      ],
      dialect,
    );
    expect(reply.status).toBe(302);
    expect(asked(reply)).toBe('https://app.example.com/page?a=b');
  });

  // Attack: Caddy serves the site of `Host`, and the client has written the host that is decided about.
  test('the own Host must not be another application, where the proxy hands it on', async () => {
    const reply = await traefik([proto, host, uri, ['Host', 'plain.example.com']], dialect);
    if (dialect === 'caddy') unusable(reply, 'Host');
    else expect(asked(reply)).toBe('https://app.example.com/page?a=b');
    for (const own of ['app.example.com:443', 'unknown.example.com', '127.0.0.1:9000'])
      expect(asked(await traefik([proto, host, uri, ['Host', own]], dialect))).toBe('https://app.example.com/page?a=b');
  });

  test('lists of equal values count as one', async () => {
    const reply = await traefik([proto, proto, host, ['X-Forwarded-Host', 'APP.example.com:443'], uri], dialect);
    expect(asked(reply)).toBe('https://app.example.com/page?a=b');
  });

  test.each<[string, Pairs, string]>([
    ['no proto', [host, uri], 'X-Forwarded-Proto'],
    ['no host, though Host is there', [proto, uri, ['Host', 'app.example.com']], 'X-Forwarded-Host'],
    ['no uri', [proto, host, ['X-Original-URI', '/healthz']], 'X-Forwarded-Uri'],
    ['an empty proto', [['X-Forwarded-Proto', ''], host, uri], 'X-Forwarded-Proto'],
    ['an empty host', [proto, ['X-Forwarded-Host', ''], uri], 'X-Forwarded-Host'],
    ['an empty uri', [proto, host, ['X-Forwarded-Uri', '']], 'X-Forwarded-Uri'],
    ['the proto twice, with two values', [proto, ['X-Forwarded-Proto', 'http'], host, uri], 'X-Forwarded-Proto'],
    ['the host twice', [proto, host, ['X-Forwarded-Host', 'plain.example.com'], uri], 'X-Forwarded-Host'],
    ['the uri twice', [proto, host, uri, ['X-Forwarded-Uri', '/healthz']], 'X-Forwarded-Uri'],
    ['a proto that is none', [['X-Forwarded-Proto', 'javascript'], host, uri], 'X-Forwarded-Proto'],
    ['a list of protos', [['X-Forwarded-Proto', 'https,http'], host, uri], 'X-Forwarded-Proto'],
    ['user information', [proto, ['X-Forwarded-Host', 'app.example.com@evil.example'], uri], 'X-Forwarded-Host'],
    ['a path in the host', [proto, ['X-Forwarded-Host', 'app.example.com/healthz?'], uri], 'X-Forwarded-Host'],
    ['a backslash in the host', [proto, ['X-Forwarded-Host', 'app.example.com\\evil'], uri], 'X-Forwarded-Host'],
    ['a uri without a slash', [proto, host, ['X-Forwarded-Uri', 'https://app.example.com/healthz']], 'X-Forwarded-Uri'],
    ['a uri with @', [proto, host, ['X-Forwarded-Uri', '@evil.example/healthz']], 'X-Forwarded-Uri'],
    ['a space in the uri', [proto, host, ['X-Forwarded-Uri', '/a b']], 'X-Forwarded-Uri'],
    ['underscores', [proto, ['X_Forwarded_Host', 'app.example.com'], uri], 'X-Forwarded-Host'],
    ['dots', [proto, host, ['X.Forwarded.Uri', '/healthz']], 'X-Forwarded-Uri'],
  ])('%s: 500 that names the header', async (_, headers, name) => {
    unusable(await traefik([...headers, cookie], dialect), name);
  });

  test.each<[string, Pairs]>([
    ['a port that is none', [proto, ['X-Forwarded-Host', 'app.example.com:99999'], ['X-Forwarded-Uri', '/healthz']]],
    ['two trailing dots', [proto, ['X-Forwarded-Host', 'app.example.com..'], ['X-Forwarded-Uri', '/healthz']]],
    ['DEL in the uri', [proto, host, ['X-Forwarded-Uri', '/public/a\x7fb']]],
    ['NUL in the uri', [proto, host, ['X-Forwarded-Uri', '/public/a\0b']]],
  ])('%s: an error of some kind, never allowed', async (_, headers) => {
    expect((await traefik([...headers, cookie], dialect)).status).toBeGreaterThanOrEqual(400);
  });

  test('the method is X-Forwarded-Method, else GET', async () => {
    const with_ = (path: string, method: Pairs) =>
      traefik([proto, host, ['X-Forwarded-Uri', path], ...method], dialect);
    expect((await with_('/read', [])).status).toBe(200);
    expect((await with_('/read', [['X-Forwarded-Method', 'GET']])).status).toBe(200);
    expect((await with_('/read', [['X-Forwarded-Method', 'POST']])).status).toBe(303);
    expect((await with_('/read', [['X-Original-Method', 'POST']])).status).toBe(200);
    const twice = await with_('/read', [
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Method', 'POST'],
    ]);
    expect(twice.status).not.toBe(200);
  });

  test('a method in lower case does not bypass a deny rule', async () => {
    for (const method of ['delete', 'Delete', 'dELETE']) {
      const headers: Pairs = [proto, host, ['X-Forwarded-Uri', '/strict'], ['X-Forwarded-Method', method], cookie];
      expect([method, (await traefik(headers, dialect)).status]).toEqual([method, 403]);
    }
  });

  test('bytes above ASCII in the path: the return URL is plain ASCII, and the request does not pass', async () => {
    const reply = await traefik([proto, host, ['X-Forwarded-Uri', '/caf\xc3\xa9']], dialect);
    expect([302, 500]).toContain(reply.status);
    expect(reply.get('location') ?? '').toMatch(/^[\x21-\x7e]*$/);
  });
});

describe('envoy', () => {
  const host: [string, string] = ['Host', 'app.example.com'];
  test.each<[string, string, Pairs, string]>([
    ['path, Host and proto', '/page?a=b', [host, ['X-Forwarded-Proto', 'https']], 'https://app.example.com/page?a=b'],
    ['no proto: that of the application', '/page', [['Host', 'plain.example.com']], 'http://plain.example.com/page'],
    [
      'a path that looks like the prefix',
      `${OUTPOST}/authentik/envoy/x`,
      [host],
      `https://app.example.com${OUTPOST}/authentik/envoy/x`,
    ],
    [
      'headers of the other proxies are not read',
      '/page',
      [
        host,
        ['X-Forwarded-Host', 'plain.example.com'],
        ['X-Forwarded-Uri', '/healthz'],
        ['X-Original-URL', 'https://app.example.com/healthz'],
        ['X-Forwarded-Method', 'POST'],
      ],
      'https://app.example.com/page',
    ],
    [
      'marks of other endpoints',
      '/x?X-authentik-auth-callback=true',
      [host],
      'https://app.example.com/x?X-authentik-auth-callback=true',
    ],
    [
      'a callback-like path that is none',
      `${OUTPOST}/callback/?code=1`,
      [host],
      `https://app.example.com${OUTPOST}/callback/?code=1`,
    ],
  ])('%s', async (_, path, headers, url) => {
    const reply = await envoy(path, headers);
    expect(reply.status).toBe(302);
    expect(asked(reply)).toBe(url);
  });

  test("the method is the request's own", async () => {
    expect((await envoy('/read', [host])).status).toBe(200);
    expect((await envoy('/read', [host], 'POST')).status).toBe(303);
    expect((await envoy('/read', [host, ['X-Forwarded-Method', 'GET']], 'POST')).status).toBe(303);
    expect((await envoy('/strict', [host, cookie], 'DELETE')).status).toBe(403);
    expect((await envoy('/strict', [host, cookie], 'PROPFIND')).status).toBe(200);
  });

  test.each<[string, Pairs, string]>([
    ['a proto that is none', [host, ['X-Forwarded-Proto', 'gopher']], 'X-Forwarded-Proto'],
    ['two protos', [host, ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Proto', 'http']], 'X-Forwarded-Proto'],
    ['user information', [['Host', 'app.example.com@evil.example']], 'Host'],
  ])('%s: 500 that names the header', async (_, headers, name) => {
    unusable(await envoy('/healthz', [...headers, cookie]), name);
  });

  test('a request with two Host headers is never allowed', async () => {
    expect([400, 500]).toContain((await envoy('/healthz', [host, ['Host', 'plain.example.com']])).status);
  });

  test.each([
    `${OUTPOST}/start/../admin`,
    `${OUTPOST}/start%2f..%2fadmin`,
    `${OUTPOST}/start/`,
    `${OUTPOST}/start;x`,
    `${OUTPOST}//start`,
    `/x/..${OUTPOST}/start`,
    `${OUTPOST}/%73tart`,
    `${OUTPOST}/START`,
    `${OUTPOST}/backchannel_logout`,
  ])('%s is no browser endpoint', async (path) => {
    const reply = await envoy(path, [host]);
    expect(reply.status).toBe(302);
    expect(reply.all('x-authentik-username')).toEqual([]);
  });
});

describe('the application of a host', () => {
  const anonymous = async (url: string) => await ask(port, 'traefik', url, navigation);
  const at = async (url: string) => {
    const reply = await anonymous(url);
    return reply.status === 302 ? new URL(reply.get('location')!).origin : reply.status;
  };
  test.each<[string, string | number]>([
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://APP.Example.COM/', 'https://app.example.com'],
    ['https://app.example.com./', 'https://app.example.com'],
    ['https://app.example.com:443/', 'https://app.example.com'],
    ['https://app.example.com:80/', 'https://app.example.com'],
    ['http://app.example.com:443/', 'https://app.example.com'],
    ['https://app.example.com:8443/', 404],
    ['https://xapp.example.com/', 404],
    ['https://example.com/', 404],
    ['http://plain.example.com:80/', 'http://plain.example.com'],
    ['http://plain.example.com:443/', 'http://plain.example.com'],
    ['https://port.example.com:8443/', 'https://port.example.com:8443'],
    ['https://port.example.com/', 404],
    ['https://example.org/', 'https://one.example.org'],
    ['https://any.example.org/', 'https://one.example.org'],
    ['https://a.b.c.example.org/', 'https://one.example.org'],
    ['https://ANY.Example.Org./', 'https://one.example.org'],
    ['https://evilexample.org/', 404],
    ['https://example.org.evil.com/', 404],
    ['https://deep.example.org/', 'https://login.deep.example.org'],
    ['https://x.deep.example.org/', 'https://login.deep.example.org'],
    ['https://notdeep.example.org/', 'https://one.example.org'],
    ['https://exact.example.org/', 'https://exact.example.org'],
    ['https://x.exact.example.org/', 'https://one.example.org'],
    ['https://exact.example.org:80/', 'https://exact.example.org'],
    // Attack: the name is an application of its own, and the domain around it lets others in.
    ['https://exact.example.org:81/', 404],
    ['https://EXACT.example.org.:8443/', 404],
    ['https://any.example.org:81/', 'https://one.example.org'],
    ['https://[::1]/', 404],
    ['https://127.0.0.1/', 404],
  ])('%s', async (url, expected) => {
    expect(await at(url)).toBe(expected);
  });

  test.each(dialects)('%s: an unknown host is denied, and named', async (dialect) => {
    const reply = await ask(port, dialect, 'https://unknown.example.com/healthz', [cookie]);
    expect(reply.status).toBe(dialect === 'nginx' ? 403 : 404);
    expect(reply.body).toContain('unknown.example.com');
    expect(reply.get('x-gatepost-reason')).toBe('unknown_host');
    expect(reply.all('set-cookie')).toEqual([]);
  });

  test('a session at one application is not valid at another', async () => {
    const other = await ask(port, 'traefik', 'https://exact.example.org/', [cookie, ...navigation]);
    expect(other.status).toBe(302);
  });
});

describe('the application of a browser endpoint', () => {
  const start = async (headers: Pairs) => {
    const reply = await send(port, `${OUTPOST}/start`, headers);
    return reply.status === 302 ? new URL(reply.get('location')!).searchParams.get('client_id') : reply.status;
  };
  test.each<[string, Pairs, string | number]>([
    ['X-Forwarded-Host', [['X-Forwarded-Host', 'app.example.com']], 'grafana'],
    ['else Host', [['Host', 'app.example.com']], 'grafana'],
    [
      'X-Forwarded-Host before Host',
      [
        ['X-Forwarded-Host', 'app.example.com'],
        ['Host', 'plain.example.com'],
      ],
      'grafana',
    ],
    ['with its port', [['Host', 'port.example.com:8443']], 'port'],
    ['a missing port where the name is enough', [['Host', 'port.example.com']], 'port'],
    ['letter case and a trailing dot', [['Host', 'APP.example.com.']], 'grafana'],
    ['a cookie domain', [['Host', 'two.example.org']], 'domain'],
    ['the longest cookie domain', [['Host', 'two.deep.example.org']], 'deep'],
    [
      'an underscored name does not count',
      [
        ['X_Forwarded_Host', 'app.example.com'],
        ['Host', 'plain.example.com'],
      ],
      'plain',
    ],
    ['an unknown host', [['Host', 'unknown.example.com']], 404],
    ['another port', [['Host', 'port.example.com:8444']], 404],
    ['a name of its own with another port', [['Host', 'exact.example.org:81']], 404],
    ['an odd port', [['Host', 'app.example.com:0443']], 404],
    [
      'two Hosts',
      [
        ['Host', 'app.example.com'],
        ['Host', 'app.example.com'],
      ],
      404,
    ],
    ['a list of one host', [['X-Forwarded-Host', 'app.example.com, APP.example.com']], 'grafana'],
    ['a list of two hosts', [['X-Forwarded-Host', 'app.example.com, plain.example.com']], 404],
  ])('%s', async (_, headers, expected) => {
    expect(await start(headers)).toBe(expected);
  });

  // Attack: the target's authority stands for `Host` (RFC 9112, section 3.2.2), which a proxy may not have looked at.
  test('an absolute target names the same host, or none is known', async () => {
    const at = async (target: string, host: string) =>
      (await send(port, `${target}${OUTPOST}/start`, [['Host', host]])).status;
    expect(await at('http://app.example.com', 'app.example.com')).toBe(302);
    expect(await at('http://plain.example.com', 'app.example.com')).toBe(404);
    expect(await at('http://x@app.example.com', 'app.example.com')).toBe(404);
    expect(await at('//app.example.com', 'app.example.com')).toBe(404);
  });
});

describe('headers of a client that are too many, or too long', () => {
  const url = 'https://app.example.com/public/x';
  const tooLarge: [string, Pairs][] = [
    ['a thousand', Array.from({ length: 1000 }, () => ['a', 'b'])],
    ['cookies of 41 KiB', Array.from({ length: 41 }, (_, at) => ['Cookie', `c${at}=${'x'.repeat(1024)}`])],
    [
      'Cookie and Authorization',
      [
        ['Cookie', `a=${'x'.repeat(21_000)}`],
        ['Authorization', `Negotiate ${'x'.repeat(21_000)}`],
      ],
    ],
  ];
  describe.each(dialects)('%s', (dialect) => {
    test.each(tooLarge)('%s: are the fault of the client', async (_, headers) => {
      const reply = await ask(port, dialect, url, headers);
      expect([reply.status, reply.get('x-gatepost-reason')]).toEqual([
        dialect === 'nginx' ? 403 : 431,
        'headers_too_large',
      ]);
      expect(reply.body).toBe('the request has too many headers, or too long ones\n');
    });
    test('just below that they are no matter', async () => {
      const headers: Pairs = [['Cookie', `a=${'x'.repeat(39_000)}`]];
      expect((await ask(port, dialect, url, [...headers, ...many(800)])).status).toBe(200);
    });
  });
});

const many = (count: number): Pairs => Array.from({ length: count }, (_, at) => [`X-H${at}`, 'b']);

describe('an address of more than 16 KiB', () => {
  const long = `/public/${'x'.repeat(16_400)}`;
  const app = 'https://app.example.com';
  test.each(dialects)('%s: is the fault of the client', async (dialect) => {
    for (const url of [app + long, `${app}/public/?${'%20'.repeat(6000)}`, `${app}/${'x'.repeat(60_000)}`]) {
      const reply = await ask(port, dialect, url, [cookie]);
      expect(reply.status).toBe(dialect === 'nginx' ? 403 : 414);
      expect(reply.get('x-gatepost-reason')).toBe('uri_too_long');
      expect(reply.get('cache-control')).toBe('no-store');
      expect(reply.body).toBe('the address is longer than 16 KiB\n');
    }
  });
  test.each(['X-Original-URI', 'X-Forwarded-Uri'])('nginx, in %s', async (name) => {
    const headers: Pairs = [
      [name, long],
      ['Host', 'app.example.com'],
    ];
    expect((await nginx(headers)).get('x-gatepost-reason')).toBe('uri_too_long');
  });
  test('the host that is not one is still the fault of the proxy', async () => {
    const reply = await ask(port, 'traefik', `https://${'a.'.repeat(9000)}com/`);
    expect([reply.status, reply.get('x-gatepost-reason')]).toEqual([500, 'configuration_error']);
  });
});

/**
 * Attack: a proxy hands all of `/outpost.goauthentik.io/` to Gatepost, and a script in a page reads the user's tokens
 * out of the headers of the auth endpoint's own response.
 */
describe('a question about an auth endpoint', () => {
  const app = 'https://app.example.com';
  const closed = async (reply: Reply) => {
    expect([reply.status, reply.get('x-gatepost-reason')]).toEqual([403, 'denied']);
    expect(reply.raw).not.toMatch(/^x-authentik-|^authorization:/im);
  };
  const names = ['nginx', 'traefik', 'caddy', 'envoy'];
  const paths = [
    ...names.flatMap((name) => [
      `${OUTPOST}/auth/${name}`,
      `/auth/${name}`,
      `/auth/${name}/`,
      `${OUTPOST}/auth/${name}/x?y`,
    ]),
    `${OUTPOST}/auth`,
    `${OUTPOST}/auth?traefik`,
    `${OUTPOST}/auth/`,
    `${OUTPOST}/auth/envoy/d/1?orgId=1`,
    `${OUTPOST}//auth/nginx`,
    `//${OUTPOST.slice(1)}/auth/nginx`,
    `${OUTPOST}/%61uth/nginx`,
    `${OUTPOST}/auth%2fnginx`,
    `${OUTPOST}/%2561uth/nginx`,
    `${OUTPOST}/auth/nginx;x=1`,
    `${OUTPOST};x/auth/nginx`,
    `${OUTPOST}/auth/nginx%00`,
    `${OUTPOST}/auth/nginx#x`,
    `${OUTPOST}/AUTH/nginx`,
    `/x/..${OUTPOST}/auth/nginx`,
    `/x/%2e%2e${OUTPOST}/auth/nginx`,
    `/x/..;${OUTPOST}/auth/nginx`,
    `/%6futpost.goauthentik.io/auth`,
    `${'/a/..;x/./%2e'.repeat(40)}${OUTPOST}/%2561uth/nginx`,
    `${'/a/..;x/./%2e'.repeat(40)}${OUTPOST}/%c1%a1uth/nginx`,
  ];
  test.each(dialects)('%s: no spelling of it passes, with a session or without', async (dialect) => {
    for (const path of paths) {
      await closed(await ask(port, dialect, app + path, [cookie]));
      await closed(await ask(port, dialect, app + path, [['Authorization', 'Bearer x']]));
    }
  });

  test.each(dialects)('%s: whichever header names it', async (dialect) => {
    const added: Pairs[] = [
      [['X-Original-URL', `${app}${OUTPOST}/auth/${dialect}`]],
      [['X-Original-URL', `${app}${OUTPOST}/auth/${dialect}?${'x'.repeat(17_000)}`]],
      [['X-Original-URL', `${app}?${OUTPOST}/auth/${dialect}`]],
      [['X-Original-URL', `${app}/page, ${app}${OUTPOST}/auth/${dialect}`]],
      [
        ['X-Original-URL', `${app}/page, x`],
        ['X-Original-URL', `${app}${OUTPOST}/auth`],
      ],
      [['X-Original-URI', `${OUTPOST}/%61uth/${dialect}?x`]],
      [['X-Forwarded-Uri', `${OUTPOST}/auth/${dialect}`]],
    ];
    for (const headers of added) {
      const reply = await ask(port, dialect, `${app}/page?x`, [...headers, cookie]);
      // Two of the headers that a dialect itself reads contradict one another first.
      expect([headers, [403, 500].includes(reply.status)]).toEqual([headers, true]);
      expect(reply.raw).not.toMatch(/^x-authentik-|^authorization:/im);
      const reads = dialect === 'nginx' || (dialect !== 'envoy' && headers[0]?.[0] === 'X-Forwarded-Uri');
      if (!reads) await closed(reply);
    }
  });

  test.each(dialects)('%s: what only looks like it is the own business of the application', async (dialect) => {
    for (const path of [
      '/auth',
      '/auth/',
      '/auth/login',
      '/auth/nginxx',
      '/authority',
      '/x/auth/nginx',
      '/page?/auth/nginx',
    ])
      expect([path, (await ask(port, dialect, app + path, [cookie])).status]).toEqual([path, 200]);
    const referring: Pairs = [cookie, ['X-Original-URL', `${app}/page?u=/auth/nginx`]];
    if (dialect !== 'nginx') expect((await ask(port, dialect, `${app}/page`, referring)).status).toBe(200);
  });

  test.each(dialects)('%s: the path of the session page passes without identity', async (dialect) => {
    const reply = await ask(port, dialect, `${app}${OUTPOST}/session`, [cookie]);
    expect([reply.status, reply.get('x-authentik-username'), reply.get('x-authentik-jwt')]).toEqual([200, '', '']);
  });
});
