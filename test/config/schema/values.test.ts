import { describe, expect, it } from 'vitest';
import { parse, problemsOf, yaml } from '../example.ts';

const top = (line: string) => parse(yaml({ top: line }));
const app = (lines: string) => parse(yaml({ application: lines })).applications[0]!;

/** Each row: what is written, and what it comes to. */
const goodTop: [line: string, key: string, value: unknown][] = [
  ['session_max_age: 90s', 'session_max_age', 90_000],
  ['session_max_age: 30m', 'session_max_age', 1_800_000],
  ['session_max_age: 7d', 'session_max_age', 604_800_000],
  ['session_max_age: 1h30m', 'session_max_age', 5_400_000],
  ['workers: 1', 'workers', 1],
  ['workers: "1"', 'workers', 1],
  ['workers: 4\nstore: redis://r', 'workers', 4],
  ['workers: auto\nstore: redis://r', 'workers', 'auto'],
  ['limits: {}', 'limits', { refusals_per_user_and_address: 10, refusals_per_address: 30, refusals_per_user: 100 }],
  [
    'limits: { refusals_per_user_and_address: 1, refusals_per_address: "1000", refusals_per_user: 50 }',
    'limits',
    { refusals_per_user_and_address: 1, refusals_per_address: 1000, refusals_per_user: 50 },
  ],
  ['listen: { http: ":9000" }', 'listen', { http: ':9000', metrics: '127.0.0.1:9300' }],
  ['listen: { http: "[::1]:0", metrics: off }', 'listen', { http: '[::1]:0', metrics: false }],
  [
    'listen: { http: "0.0.0.0:9000, [::1]:9001", metrics: "127.0.0.1:9300,[::1]:9300" }',
    'listen',
    { http: '0.0.0.0:9000, [::1]:9001', metrics: '127.0.0.1:9300,[::1]:9300' },
  ],
  ['listen: { metrics: false }', 'listen', { http: '0.0.0.0:9000', metrics: false }],
  ['listen: { http: localhost:80 }', 'listen', { http: 'localhost:80', metrics: '127.0.0.1:9300' }],
  ['trusted_proxies: []', 'trusted_proxies', []],
  ['trusted_proxies: [10.0.0.1, "fd00::/8"]', 'trusted_proxies', ['10.0.0.1', 'fd00::/8']],
  [`secret: [${'a'.repeat(32)}, ${'b'.repeat(40)}]`, 'secret', ['a'.repeat(32), 'b'.repeat(40)]],
  ['outpost_name: 42', 'outpost_name', '42'],
  ['nginx_method_header: X-Original-Method', 'nginx_method_header', 'X-Original-Method'],
  ['log: { level: warn, query: true, format: json }', 'log', { level: 'warn', query: true, format: 'json' }],
  ['log: {}', 'log', { level: 'info', query: false, format: 'auto' }],
  ...[
    'memory',
    'file:///var/lib/gatepost',
    'redis://redis',
    'redis://redis:6379/0',
    'redis://user:p%40ss@redis:6379/2',
    'redis://:pass@[::1]:6379',
    'rediss://redis',
    'redis://h1:7000,h2:7001',
    'redis+cluster://h1:7000,h2:7001',
    'rediss+cluster://user:pass@h1:7000,h2:7001',
    'redis+sentinel://user:pass@h1:26379,h2:26379/mymaster',
    'redis+sentinel://h1:26379/mymaster/3',
  ].map((store): [string, string, unknown] => [`store: "${store}"`, 'store', store]),
];

const goodApplication: [lines: string, key: string, value: unknown][] = [
  ['client_id: 123456', 'client_id', '123456'],
  ['client_id: 0o17', 'client_id', '0o17'],
  ['client_id: 1e5', 'client_id', '1e5'],
  ['client_id: true', 'client_id', 'true'],
  ['slug: my_App-2', 'slug', 'my_App-2'],
  ['name: "Père Noël\'s Files (2)"', 'slug', 'pere-noel-s-files-2'],
  ['name: 山田', 'slug', 'app-5f34cd83'],
  ['external_host: https://Grafana.Example.com:443/', 'external_host', 'https://grafana.example.com'],
  ['external_host: HTTP://app.localhost:8080', 'external_host', 'http://app.localhost:8080'],
  ['external_host: http://app.example.com:80', 'external_host', 'http://app.example.com'],
  ['external_host: https://app.example.com.', 'external_host', 'https://app.example.com'],
  ['external_host: https://my_app.lan', 'external_host', 'https://my_app.lan'],
  ['external_host: "https://[::1]:8443"', 'external_host', 'https://[::1]:8443'],
  ['external_host: https://münchen.example', 'external_host', 'https://xn--mnchen-3ya.example'],
  ['mode: forward_domain\ncookie_domain: example.com', 'cookie_domain', 'example.com'],
  ['mode: forward_domain\ncookie_domain: .Example.com', 'cookie_domain', 'example.com'],
  ['mode: forward_domain\ncookie_domain: grafana.example.com', 'cookie_domain', 'grafana.example.com'],
  [
    'mode: forward_domain\ncookie_domain: me.duckdns.org\nexternal_host: https://me.duckdns.org',
    'cookie_domain',
    'me.duckdns.org',
  ],
  [
    'mode: forward_domain\ncookie_domain: x.localhost\nexternal_host: http://a.x.localhost:81',
    'cookie_domain',
    'x.localhost',
  ],
  ...['http://localhost:9000/', 'http://idp.localhost', 'http://127.1.2.3:80/o', 'http://[::1]:1/x', 'https://idp'].map(
    (issuer): [string, string, unknown] => [`issuer: "${issuer}"`, 'issuer', issuer],
  ),
  ['issuer: http://idp.lan\nallow_insecure_issuer: true', 'issuer', 'http://idp.lan'],
  ['introspection_endpoint: https://idp/introspect?x=1', 'introspection_endpoint', 'https://idp/introspect?x=1'],
  [
    'issuer: http://localhost:9000\nintrospection_endpoint: http://127.0.0.1:9001/i',
    'introspection_endpoint',
    'http://127.0.0.1:9001/i',
  ],
  ['scopes: [openid, groups]', 'scopes', ['openid', 'groups']],
  ['scopes: openid email', 'scopes', ['openid', 'email']],
  ['skip_path_regex: |\n  ^/public/\n\n    (?i)^/css/  \n', 'skip_path_regex', ['^/public/', '(?i)^/css/']],
  ['skip_path_regex: ["^/a, b$"]', 'skip_path_regex', ['^/a, b$']],
  ['skip_preflight: "true"', 'skip_preflight', true],
  ['basic_auth_enabled: True', 'basic_auth_enabled', true],
  ...['https://www.example.com/bye?from=app&x=1', 'http://wiki.lan', 'https://a?b', 'https://A.example/%C3%A4'].map(
    (uri): [string, string, unknown] => [`post_logout_redirect_uri: "${uri}"`, 'post_logout_redirect_uri', uri],
  ),
  ['basic: off', 'basic', 'off'],
  ['basic: password', 'basic', 'password'],
  ['bearer: introspect', 'bearer', 'introspect'],
  ['bearer_audiences: [7]', 'bearer_audiences', ['7']],
  [
    'claims: { username: nick, uid: id, groups: realm.roles }',
    'claims',
    { preferred_username: ['nick'], sub: ['id'], groups: ['realm.roles'] },
  ],
  [
    'claims: { username: [nick, https://example.com/a.b] }',
    'claims',
    { preferred_username: ['nick', 'https://example.com/a.b'] },
  ],
  ['access: [{ methods: [post, PropFind] }]', 'access', [{ methods: ['POST', 'PROPFIND'], policy: 'required' }]],
  ['access: [{ path: ^/x, policy: deny }]', 'access', [{ path: '^/x', policy: 'deny' }]],
  [
    'access: [{ networks: [10.0.0.1, "::/0"], users: [7], groups: [a b], emails: ["*@example.com"] }]',
    'access',
    [{ networks: ['10.0.0.1', '::/0'], users: ['7'], groups: ['a b'], emails: ['*@example.com'], policy: 'required' }],
  ],
  [
    'access: [{ hosts: [WIKI.Example.com., "a.example.com:443", "*.Dev.example.com", münchen.example, "x:8443", "[::1]:80"] }]',
    'access',
    [
      {
        hosts: ['wiki.example.com', 'a.example.com', '*.dev.example.com', 'xn--mnchen-3ya.example', 'x:8443', '[::1]'],
        policy: 'required',
      },
    ],
  ],
  [
    'access: [{ claims: { department: sales, level: [1, true], https://x.com/a.b: "c d" }, email_verified: True }]',
    'access',
    [
      {
        claims: { department: ['sales'], level: ['1', 'true'], 'https://x.com/a.b': ['c d'] },
        email_verified: true,
        policy: 'required',
      },
    ],
  ],
];

/** Each row: what is written, the key that is blamed, and a part of what is said. */
const badTop: [line: string, key: string, part: string][] = [
  ...['5', '0s', '-1h', '1.5h', '1w', 'soon', '4000d'].map((age): [string, string, string] => [
    `session_max_age: ${age}`,
    'session_max_age',
    'must be',
  ]),
  ...['0', '-1', '1.5', 'many', '1000'].map((many): [string, string, string] => [
    `workers: ${many}`,
    'workers',
    'whole number',
  ]),
  ...['0', '-1', '1.5', '1001', 'off', '1e2', '[]'].flatMap((count) =>
    ['refusals_per_user_and_address', 'refusals_per_address', 'refusals_per_user'].map(
      (key): [string, string, string] => [`limits: { ${key}: ${count} }`, `limits.${key}`, '1 to 1000'],
    ),
  ),
  ['limits: 10', 'limits', 'a mapping such as'],
  ['limits: { refusals_per_adress: 10 }', 'limits.refusals_per_adress', 'refusals_per_address'],
  ['workers: 2', 'workers', 'each worker would have its own sessions'],
  ['workers: auto', 'workers', 'each worker would have its own sessions'],
  ...['9000', 'http://localhost:9000', 'localhost', 'localhost:65536', '::1:9000', '"[zz]:1"', 'a b:1'].map(
    (address): [string, string, string] => [`listen: { http: ${address} }`, 'listen.http', 'host and port'],
  ),
  ['listen: { http: off }', 'listen.http', 'host and port'],
  ['listen: { http: ":9000", metrics: 127.0.0.1:9000 }', 'listen.metrics', 'must not be the address of listen.http'],
  [
    'listen: { http: "127.0.0.1:80,[::1]:81", metrics: "127.0.0.1:9300,[::]:81" }',
    'listen.metrics',
    'must not be the address of listen.http',
  ],
  ['listen: { http: "127.0.0.1:80," }', 'listen.http', 'host and port'],
  ['listen: 9000', 'listen', 'must be a mapping'],
  ...[
    '10.0.0.0/33',
    '10.0.0/8',
    '010.0.0.0/8',
    '0x0a.0.0.1',
    'fe80::1%eth0',
    'localhost',
    '::/129',
    '10.0.0.0/8/8',
    '""',
  ].map((network): [string, string, string] => [
    `trusted_proxies: ["${network.replaceAll('"', '')}"]`,
    'trusted_proxies[0]',
    'a network',
  ]),
  ['trusted_proxies: 10.0.0.0/8', 'trusted_proxies', 'must be a list'],
  ['secret: short', 'secret', '32 characters or more'],
  [`secret: [${'a'.repeat(32)}, short]`, 'secret[1]', '32 characters or more'],
  ['secret: []', 'secret', 'at least one'],
  ['secret:', 'secret', 'is empty'],
  ['secret: { a: b }', 'secret', 'must be 32 characters or more, or a list'],
  ['outpost_name: "a\\tb"', 'outpost_name', 'control characters'],
  ['nginx_method_header: "X Method"', 'nginx_method_header', 'name of a header'],
  ['log: { level: loud }', 'log.level', 'trace, debug, info, warn, error; got "loud"'],
  ['log: { query: 1 }', 'log.query', 'true or false'],
  ['log: { format: xml }', 'log.format', 'auto, json, pretty'],
  ...[
    'disk',
    'file://var/lib',
    'file:/var/lib',
    'file:///',
    'http://redis',
    'redis://',
    'redis://a/x',
    'redis://a:99999',
    'redis+cluster://a:1/3',
    'redis+sentinel://a:1',
    'redis+sentinel://a:1/m/x',
    'redis+other://a',
  ].map((store): [string, string, string] => [`store: ${store}`, 'store', 'must']),
  ['applications_: []', 'applications_', 'did you mean applications?'],
];

const badApplication: [lines: string, key: string, part: string][] = [
  ['name: ""', 'name', 'is empty'],
  ['slug: a b', 'slug', 'letters, digits'],
  ...[
    'grafana.example.com',
    'https://grafana.example.com/path',
    'https://grafana.example.com?x',
    'https://user@grafana.example.com',
    'https://*.example.com',
    'ftp://grafana.example.com',
    'https://',
    'https://a..b',
    'https://a:99999',
    "'https://a\\b'",
    'https://a b',
  ].map((host): [string, string, string] => [`external_host: ${host}`, 'external_host', 'must be scheme, host']),
  ['mode: proxy', 'mode', 'forward_single, forward_domain'],
  ['mode: forward_domain', 'cookie_domain', 'is required with mode: forward_domain'],
  ...[
    'https://example.com',
    'example.com:443',
    '10.0.0.1',
    '"[::1]"',
    '"*.example.com"',
    'a..b',
    'exa mple.com',
    '0x7f.1',
  ].map((domain): [string, string, string] => [
    `mode: forward_domain\ncookie_domain: ${domain}`,
    'cookie_domain',
    'without scheme and port',
  ]),
  ...['com', 'co.uk', 'duckdns.org', 'github.io', '.DuckDNS.org', 'localhost'].map(
    (domain): [string, string, string] => [
      `mode: forward_domain\ncookie_domain: ${domain}`,
      'cookie_domain',
      'public suffix',
    ],
  ),
  ['mode: forward_domain\ncookie_domain: other.com', 'external_host', 'must be other.com or a host under it'],
  [
    'mode: forward_domain\ncookie_domain: example.com\nexternal_host: https://evilexample.com',
    'external_host',
    'under it',
  ],
  ...['http://idp.example.com', 'http://127.0.0.1.example.com', 'HTTP://localhost.example.com', 'http://128.0.0.1'].map(
    (issuer): [string, string, string] => [`issuer: ${issuer}`, 'issuer', 'must be https'],
  ),
  ...['idp.example.com', 'https://a?b', 'https://u:p@a/', 'https://'].map((issuer): [string, string, string] => [
    `issuer: ${issuer}`,
    'issuer',
    'the URL of the OpenID provider',
  ]),
  ['issuer: https://a/.well-known/openid-configuration', 'issuer', 'the issuer alone'],
  ...['/introspect', 'https://u:p@idp/i', 'https://idp/i#x', 'ftp://idp/i'].map((url): [string, string, string] => [
    `introspection_endpoint: "${url}"`,
    'introspection_endpoint',
    'must be the URL of an endpoint',
  ]),
  // Attack: whoever answers in its place calls every token active.
  ['introspection_endpoint: http://127.0.0.1/i', 'introspection_endpoint', 'must be https'],
  ['issuer: http://localhost\nintrospection_endpoint: http://idp.lan/i', 'introspection_endpoint', 'must be https'],
  ['scopes: [profile]', 'scopes', 'must contain openid'],
  ['scopes: []', 'scopes', 'must contain openid'],
  ['skip_path_regex: |\n  ^/a\n  (b', 'skip_path_regex', 'missing closing )'],
  ['skip_path_regex: ["(?=x)"]', 'skip_path_regex[0]', 'RE2'],
  ['skip_preflight: yes', 'skip_preflight', 'true or false'],
  ...[
    '/bye',
    'www.example.com',
    'javascript:alert(1)',
    'https://u:p@a/',
    'https://a/#b',
    'https://a/ b',
    'https://',
  ].map((uri): [string, string, string] => [
    `post_logout_redirect_uri: "${uri}"`,
    'post_logout_redirect_uri',
    'must be an http: or https: URL',
  ]),
  [`post_logout_redirect_uri: https://a/${'x'.repeat(1000)}`, 'post_logout_redirect_uri', 'at most 1,000 characters'],
  ['basic: on', 'basic', 'app_password, password, off'],
  ['bearer: opaque', 'bearer', 'jwt, introspect'],
  ['claims: { user: x }', 'claims.user', 'allowed: preferred_username'],
  ['claims: { mail: x }', 'claims.mail', 'did you mean email?'],
  ['claims: { uid: a, sub: b }', 'claims.uid', 'mapped twice'],
  ['claims: [groups]', 'claims', 'must be a mapping'],
  ['claims: { groups: [] }', 'claims.groups', 'must not be empty'],
  ['claims: { groups: [{ a: b }] }', 'claims.groups[0]', 'the path of a claim'],
  ['access: { path: ^/ }', 'access', 'must be a list'],
  ['access: [^/]', 'access[0]', 'must be a mapping'],
  ['access: [{ path: "[" }]', 'access[0].path', 'RE2'],
  ['access: [{ methods: [] }]', 'access[0].methods', 'must not be empty'],
  ['access: [{ methods: [GET, "P UT"] }]', 'access[0].methods[1]', 'HTTP method'],
  ['access: [{ networks: [lan] }]', 'access[0].networks[0]', 'a network'],
  // An empty list of users may mean no user or every user.
  ['access: [{ groups: [] }]', 'access[0].groups', 'must not be empty'],
  ['access: [{ groups: [""] }]', 'access[0].groups[0]', 'is empty'],
  ['access: [{ emails: [everyone] }]', 'access[0].emails[0]', 'e-mail'],
  ...[
    'https://x.com',
    'x.com/y',
    'a b',
    '*',
    '*x.com',
    '**.x.com',
    'a.*.com',
    '"*.10.0.0.1"',
    'x:0',
    'u@x.com',
    '.x.com',
  ].map((host): [string, string, string] => [
    `access: [{ hosts: [${/^\*/.test(host) ? `"${host}"` : host}] }]`,
    'access[0].hosts[0]',
    'must be a host',
  ]),
  ['access: [{ hosts: [] }]', 'access[0].hosts', 'must not be empty'],
  ['access: [{ claims: sales }]', 'access[0].claims', 'must be a mapping of claims to values'],
  ['access: [{ claims: {} }]', 'access[0].claims', 'must not be empty'],
  ['access: [{ claims: { department: [] } }]', 'access[0].claims.department', 'must not be empty'],
  ['access: [{ claims: { department: "" } }]', 'access[0].claims.department', 'is empty'],
  ['access: [{ claims: { department: { a: b } } }]', 'access[0].claims.department', 'must be'],
  ['access: [{ claims: { "": x } }]', 'access[0].claims.', 'name of a claim'],
  ['access: [{ email_verified: false }]', 'access[0].email_verified', 'must be true, or be left out'],
  ['access: [{ policy: open }]', 'access[0].policy', 'required, optional, public, deny'],
  ...['public', 'optional', 'deny'].flatMap((policy) =>
    ['groups: [a]', 'users: [a]', 'emails: [a@b]'].map((who): [string, string, string] => [
      `access: [{ policy: ${policy}, ${who} }]`,
      `access[0].${who.split(':')[0]}`,
      'policy: required only',
    ]),
  ),
];

describe('values that are accepted', () => {
  it.each(goodTop)('%s', (line, key, value) => {
    expect(top(line)[key as 'store']).toEqual(value);
  });

  it.each(goodApplication)('in an application: %s', (lines, key, value) => {
    expect(app(lines)[key as 'slug']).toEqual(value);
  });
});

describe('values that are refused with their key and what is allowed', () => {
  it.each(badTop)('%s', (line, key, part) => {
    expect(problemsOf(yaml({ top: line }))).toEqual([
      { key, line: expect.any(Number), message: expect.stringContaining(part) },
    ]);
  });

  it.each(badApplication)('in an application: %s', (lines, key, part) => {
    expect(problemsOf(yaml({ application: lines }))).toEqual([
      { key: `applications[0].${key}`, line: expect.any(Number), message: expect.stringContaining(part) },
    ]);
  });

  it.each(['name', 'external_host', 'issuer', 'client_id'])('an application without %s', (key) => {
    const problems = problemsOf(yaml({ leaveOut: [key] }));
    expect(problems).toEqual([
      {
        key: `applications[0].${key}`,
        line: expect.any(Number),
        message: expect.stringMatching(/^is required \(.+\)$/),
      },
    ]);
  });

  it('a configuration without secret', () => {
    expect(problemsOf(yaml({ leaveOut: ['secret'] }))).toEqual([
      { key: 'secret', line: 1, message: 'is required (32 characters or more, or a list of such)' },
    ]);
  });

  it.each(['applications: []', 'applications:', 'applications: none'])('no application: %s', (line) => {
    expect(problemsOf(`secret: ${'a'.repeat(32)}\n${line}\n`)).toEqual([
      { key: 'applications', line: 2, message: expect.stringMatching(/a list of applications/) },
    ]);
  });
});

it('fills in every default', () => {
  const config = parse(yaml());
  expect(config).toMatchObject({
    listen: { http: '0.0.0.0:9000', metrics: '127.0.0.1:9300' },
    trusted_proxies: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
    store: 'memory',
    outpost_name: 'gatepost',
    session_max_age: 86_400_000,
    limits: { refusals_per_user_and_address: 10, refusals_per_address: 30, refusals_per_user: 100 },
    workers: 1,
    log: { level: 'info', query: false, format: 'auto' },
  });
  expect(config).not.toHaveProperty('nginx_method_header');
  expect(config.applications[0]).toMatchObject({
    slug: 'grafana',
    mode: 'forward_single',
    allow_insecure_issuer: false,
    scopes: ['openid', 'profile', 'email'],
    skip_path_regex: [],
    skip_preflight: false,
    basic_auth_enabled: false,
    intercept_header_auth: false,
    basic: 'app_password',
    bearer: 'jwt',
    bearer_audiences: [],
    claims: {},
    access: [],
  });
});

it('takes allow_insecure_issuer of the top level as the default of applications', () => {
  const insecure = (application: string) => yaml({ top: 'allow_insecure_issuer: true', application });
  expect(parse(insecure('issuer: http://idp.lan')).applications[0]!.allow_insecure_issuer).toBe(true);
  expect(problemsOf(insecure('issuer: http://idp.lan\nallow_insecure_issuer: false'))[0]!.key).toBe(
    'applications[0].issuer',
  );
});
