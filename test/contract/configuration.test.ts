/** The configuration file: what is accepted, and how each mistake is reported. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { minimal, SECRET } from './setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is wrong, as an operator reads it. */
function wrong(text: string, env: Record<string, string> = {}): string {
  try {
    parseConfig(text, { env, file: join(folder, 'gatepost.yaml') });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
}

describe('what is accepted', () => {
  test('the defaults', () => {
    const config = parseConfig(minimal(), { env: {} });
    expect(config).toMatchObject({
      listen: { http: '0.0.0.0:9000', metrics: '127.0.0.1:9300' },
      trusted_proxies: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
      store: 'memory',
      outpost_name: 'gatepost',
      session_max_age: 86_400_000,
      log: { level: 'info' },
    });
    expect(config.nginx_method_header).toBeUndefined();
    expect(config.applications[0]).toMatchObject({
      slug: 'grafana',
      mode: 'forward_single',
      scopes: ['openid', 'profile', 'email'],
      skip_preflight: false,
      basic_auth_enabled: false,
      intercept_header_auth: false,
      basic: 'app_password',
      bearer: 'jwt',
    });
  });

  test('the example of the documentation, every key of it', () => {
    const text = `
listen: { http: 0.0.0.0:9000, metrics: 127.0.0.1:9300 }
trusted_proxies: [127.0.0.0/8, "::1/128", 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "fc00::/7"]
secret: \${GATEPOST_SECRET}
store: memory
outpost_name: gatepost
session_max_age: 24h
nginx_method_header: X-Original-Method
log: { level: info }
applications:
  - name: Grafana
    slug: grafana
    external_host: https://grafana.example.com
    mode: forward_domain
    cookie_domain: example.com
    issuer: https://auth.example.com/application/o/grafana/
    client_id: abc
    client_secret: def
    scopes: [openid, profile, email]
    skip_path_regex: |
      ^/public/
    skip_preflight: false
    basic_auth_enabled: false
    basic_auth_user_attribute: app_username
    basic_auth_password_attribute: app_password
    intercept_header_auth: false
    bearer: jwt
    claims: { groups: groups }
    access:
      - { path: ^/healthz$, policy: public }
      - { path: ^/admin, groups: [admins] }
      - { methods: [POST], networks: [10.0.0.0/8], users: [alice], emails: ["*@example.com"] }
`;
    expect(parseConfig(text, { env: { GATEPOST_SECRET: SECRET } }).secret).toEqual([SECRET]);
  });

  test('${NAME} and ${NAME:-default}', () => {
    const text = minimal('', 'outpost_name: ${WHO:-edge}').replace(SECRET, '${THE_SECRET}');
    expect(parseConfig(text, { env: { THE_SECRET: SECRET } })).toMatchObject({
      outpost_name: 'edge',
      secret: [SECRET],
    });
    expect(parseConfig(text, { env: { THE_SECRET: SECRET, WHO: 'me' } }).outpost_name).toBe('me');
    const tricky = { THE_SECRET: `${SECRET}: "#'{}[]\\ & * ! | > %@` };
    expect(parseConfig(text, { env: tricky }).secret).toEqual([tricky.THE_SECRET]);
  });

  test('<key>_file reads a secret from a file, without its last line break', () => {
    file('secret', `${SECRET}\n`);
    file('client', 'from-a-file\n');
    const text = minimal()
      .replace(`secret: ${SECRET}`, `secret_file: ${join(folder, 'secret')}`)
      .replace('client_secret: the-client-secret', 'client_secret_file: client');
    const config = parseConfig(text, { env: {}, file: join(folder, 'gatepost.yaml') });
    expect(config.secret).toEqual([SECRET]);
    expect(config.applications[0]!.client_secret).toBe('from-a-file');
  });

  test.each([
    'memory',
    'file:///var/lib/gatepost',
    'redis://localhost:6379',
    'rediss://user:pass@redis.example.com/2',
  ])('store: %s', (store) => {
    expect(parseConfig(minimal('', `store: ${store}`), { env: {} }).store).toBe(store);
  });

  test('a list of secrets', () => {
    expect(parseConfig(minimal().replace(SECRET, `["${SECRET}", "${SECRET} 2"]`), { env: {} }).secret).toHaveLength(2);
  });

  test.each([
    'http://127.0.0.1:8080/',
    'http://localhost:8080/',
    'http://[::1]:8080/',
  ])('an http issuer on loopback: %s', (issuer) => {
    expect(parseConfig(minimal().replace(/issuer: .*/, `issuer: ${issuer}`), { env: {} }).applications[0]!.issuer).toBe(
      issuer,
    );
  });

  test('allow_insecure_issuer', () => {
    const text = minimal('    allow_insecure_issuer: true').replace(
      /issuer: https.*/,
      'issuer: http://auth.example.com/',
    );
    expect(parseConfig(text, { env: {} }).applications[0]!.issuer).toBe('http://auth.example.com/');
  });
});

describe('what is refused', () => {
  const cases: [string, string, RegExp[]][] = [
    ['an unknown key', minimal('', 'outpost_nam: x'), [/outpost_nam/, /did you mean.*outpost_name/]],
    [
      'an unknown key of an application',
      minimal('    skip_path_regexp: x'),
      [/skip_path_regexp/, /did you mean.*skip_path_regex/],
    ],
    ['an unknown key of a rule', minimal('    access: [{ paths: ^/x }]'), [/paths/, /did you mean.*path/]],
    ['an unknown key of listen', minimal('', 'listen: { htpp: 1.2.3.4:1 }'), [/htpp/, /did you mean.*http/]],
    ['another mode', minimal('    mode: proxy'), [/mode/, /forward_single/, /forward_domain/]],
    ['another bearer', minimal('    bearer: opaque'), [/bearer/, /jwt/, /introspect/]],
    ['another basic', minimal('    basic: yes please'), [/basic/, /app_password/, /password/, /off/]],
    [
      'another policy',
      minimal('    access: [{ path: ^/x, policy: open }]'),
      [/policy/, /public/, /optional/, /required/, /deny/],
    ],
    ['another level', minimal('', 'log: { level: loud }'), [/level/, /debug/, /info/]],
    ['another store', minimal('', 'store: mysql://x'), [/store/, /memory/, /file/, /redis/]],
    ['a short secret', minimal().replace(SECRET, 'short'), [/secret/, /32/]],
    ['a short one in a list', minimal().replace(SECRET, `[${SECRET}, short]`), [/secret/, /32/]],
    ['no secret', minimal().replace(`secret: ${SECRET}`, ''), [/secret/]],
    ['no applications', `secret: ${SECRET}`, [/applications/]],
    ['no issuer', minimal().replace(/ +issuer:.*\n/, ''), [/issuer/]],
    ['no client_id', minimal().replace(/ +client_id:.*\n/, ''), [/client_id/]],
    ['no external_host', minimal().replace(/ +external_host:.*\n/, ''), [/external_host/]],
    [
      'an external_host that is no URL',
      minimal().replace('https://grafana.example.com', 'grafana.example.com'),
      [/external_host/, /http/],
    ],
    [
      'an external_host with a path',
      minimal().replace('https://grafana.example.com', 'https://grafana.example.com/x'),
      [/external_host/],
    ],
    ['an external_host with a user', minimal().replace('https://grafana', 'https://me@grafana'), [/external_host/]],
    [
      'an external_host of another scheme',
      minimal().replace('https://grafana', 'ftp://grafana'),
      [/external_host/, /http/],
    ],
    [
      'an http issuer that is not on loopback',
      minimal().replace('https://auth', 'http://auth'),
      [/issuer/, /allow_insecure_issuer/],
    ],
    [
      'an http issuer that begins like loopback',
      minimal().replace('https://auth.example.com', 'http://localhost.example.com'),
      [/issuer/],
    ],
    ['an issuer that is no URL', minimal().replace('https://auth.example.com', 'auth'), [/issuer/]],
    ['forward_domain without cookie_domain', minimal('    mode: forward_domain'), [/cookie_domain/]],
    [
      'a cookie_domain with a scheme',
      minimal('    mode: forward_domain\n    cookie_domain: https://example.com'),
      [/cookie_domain/],
    ],
    [
      'a cookie_domain with a port',
      minimal('    mode: forward_domain\n    cookie_domain: example.com:443'),
      [/cookie_domain/],
    ],
    ['a public suffix: com', minimal('    mode: forward_domain\n    cookie_domain: com'), [/cookie_domain/]],
    [
      'a public suffix: co.uk',
      minimal('    mode: forward_domain\n    cookie_domain: co.uk').replace('grafana.example.com', 'grafana.co.uk'),
      [/cookie_domain/, /public suffix/i],
    ],
    [
      'a public suffix: duckdns.org',
      minimal('    mode: forward_domain\n    cookie_domain: duckdns.org').replace(
        'grafana.example.com',
        'grafana.duckdns.org',
      ),
      [/cookie_domain/, /public suffix/i],
    ],
    [
      'external_host not under it',
      minimal('    mode: forward_domain\n    cookie_domain: example.org'),
      [/cookie_domain|external_host/],
    ],
    [
      'external_host only ends like it',
      minimal('    mode: forward_domain\n    cookie_domain: ana.example.com'),
      [/cookie_domain|external_host/],
    ],
    ['a pattern that does not compile', minimal('    skip_path_regex: "^/(x"'), [/skip_path_regex/]],
    ['a pattern that RE2 lacks', minimal('    access: [{ path: "^/(?!x)", policy: public }]'), [/path/]],
    // Attack: each character of a path may touch every copy of a repeated part.
    [
      'a pattern of more steps than any needs',
      minimal('    access: [{ path: "(?:abcdefghijklmnop){1000}", policy: public }]'),
      [/path/, /too large a pattern/, /more than 10000/],
    ],
    [
      'a second pattern that does not compile',
      minimal('    skip_path_regex: |\n      ^/x\n      [z-a]'),
      [/skip_path_regex/],
    ],
    ['a network that is none', minimal('    access: [{ networks: [10.0.0.0/33] }]'), [/networks/]],
    ['a proxy that is none', minimal('', 'trusted_proxies: [nginx]'), [/trusted_proxies/]],
    ['a duration that is none', minimal('', 'session_max_age: soon'), [/session_max_age/]],
    ['a listener that is none', minimal('', 'listen: { http: "9000x" }'), [/listen/, /http/]],
    ['a flag that is none', minimal('    skip_preflight: maybe'), [/skip_preflight/, /true/, /false/]],
    ['a missing variable', minimal('', 'outpost_name: ${NOT_THERE}'), [/NOT_THERE/, /outpost_name/]],
    [
      'a missing file',
      minimal().replace('client_secret: the-client-secret', 'client_secret_file: /nowhere/x'),
      [/client_secret_file/, /nowhere/],
    ],
    ['key and key_file', minimal('    client_secret_file: x'), [/client_secret/]],
    [
      'two applications of one slug',
      minimal(minimal().split('applications:\n')[1]!.replace('https://grafana.', 'https://other.')),
      [/slug/],
    ],
    [
      'two applications of one host',
      minimal(
        minimal()
          .split('applications:\n')[1]!
          .replace('name: Grafana', 'name: Other')
          .replace('client_id: id', 'client_id: id2'),
      ),
      [/external_host/],
    ],
    ['a key twice', `${minimal()}secret: x\n`, [/secret/]],
    ['YAML that is none', 'secret: [\napplications: }', [/line|:\d/]],
    ['an empty file', '', [/secret|empty/]],
    ['a list', '- a', [/mapping/]],
  ];
  test.each(cases)('%s', (_, text, patterns) => {
    const message = wrong(text);
    for (const pattern of patterns) expect(message).toMatch(pattern);
    expect(message).not.toContain('the-client-secret');
    expect(message).not.toContain(SECRET);
  });

  test('all at once, each with its key and its line', () => {
    const lines = [
      `secret: short`,
      `stor: memory`,
      `session_max_age: soon`,
      `applications:`,
      `  - name: One`,
      `    external_host: one.example.com`,
      `    issuer: http://auth.example.com`,
      `    client_id: id`,
      `    mode: proxied`,
      `    access:`,
      `      - { path: "^/(", policy: public }`,
      `      - { policy: opn }`,
    ];
    const message = wrong(lines.join('\n'));
    for (const [key, line] of [
      ['secret', 1],
      ['stor', 2],
      ['session_max_age', 3],
      ['external_host', 6],
      ['issuer', 7],
      ['mode', 9],
      ['path', 11],
      ['policy', 12],
    ] as const) {
      expect(message.split('\n').some((one) => one.includes(key) && new RegExp(`\\b${line}\\b`).test(one))).toBe(true);
    }
  });

  test('no secret appears in an error, not even an invalid one', () => {
    const message = wrong(
      minimal()
        .replace(SECRET, 'sh0rt-s3cret')
        .replace('client_id: id', 'client_id: [id]')
        .replace('the-client-secret', '{ a: hidden-secret }'),
    );
    expect(message).not.toContain('sh0rt-s3cret');
    expect(message).not.toContain('hidden-secret');
  });
});
