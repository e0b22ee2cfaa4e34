/** The configuration file, its errors, and the process that it starts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { within } from '../support/wait.ts';
import {
  ask,
  basic,
  type Contract,
  configText,
  createVisitor,
  fetchTokens,
  from,
  OUTPOST,
  SECRET,
  send,
  startContract,
} from './setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

let site: Contract;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  site = await startContract();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await site.close();
});

/** The command as a process of its own. */
function gatepost(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...env } });
  children.add(child);
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk) => (said.out += chunk));
  child.stderr.on('data', (chunk) => (said.error += chunk));
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number;
  });
  return { child, said, ended };
}

const minimal = (more = '', top = '') => `secret: ${SECRET}
${top}
applications:
  - name: Grafana
    external_host: https://grafana.example.com
    issuer: https://auth.example.com/application/o/grafana/
    client_id: id
    client_secret: the-client-secret
${more}`;

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

describe('the process', () => {
  test('a bad configuration: every problem on standard error, exit code 2', async () => {
    const path = file('bad.yaml', `${minimal('    mode: proxied', 'outpost_nam: x\nlog: { level: loud }')}`);
    const { ended, said } = gatepost(['serve', '--config', path]);
    expect(await ended).toBe(2);
    for (const word of ['mode', 'outpost_nam', 'did you mean', 'level', 'forward_single', 'bad.yaml'])
      expect(said.error).toContain(word);
    expect(said.error).not.toContain('the-client-secret');
    expect(said.error).not.toMatch(/\n\s+at /);
    expect(said.out).toBe('');
  });

  test('no such file: exit code 2 without a stack', async () => {
    const { ended, said } = gatepost(['serve', '--config', join(folder, 'nowhere.yaml')]);
    expect(await ended).toBe(2);
    expect(said.error).toContain('nowhere.yaml');
    expect(said.error).not.toMatch(/\n\s+at /);
  });

  test('serves, logs no secret of any kind, and ends with 0 on SIGTERM within 5 s', async () => {
    const port = await freePort();
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${port}", metrics: off }`)
      .replace(SECRET, '${GATEPOST_SECRET}')
      .replace('level: error', 'level: trace');
    const process_ = gatepost(['serve', '--config', file('good.yaml', text)], { GATEPOST_SECRET: SECRET });
    const { said } = process_;
    await expect
      .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
        timeout: 20_000,
        interval: 100,
      })
      .toBe(200);

    const app = 'https://app.example.com';
    const secrets = [
      SECRET,
      'grafana-client-secret',
      'refresh-client-secret',
      'wonderland',
      'app-alice',
      'wrong-password',
      'opaque-secret-token',
      's3cret',
    ];
    const visitor = createVisitor(site, port);
    const callback = new URL(await visitor.begin(`${app}/path?token=in-the-query`));
    secrets.push(callback.searchParams.get('code')!, callback.searchParams.get('state')!, 'in-the-query');
    await visitor.open(callback.href);
    await visitor.open(callback.href);
    secrets.push(
      ...visitor
        .cookiesFor(app)
        .split('; ')
        .map((pair) => pair.slice(pair.indexOf('=') + 1)),
    );
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    const page = await ask(port, 'traefik', `${app}/page?secret=in-the-query`, [cookie]);
    expect(page.status).toBe(200);
    secrets.push(page.get('x-authentik-jwt')!);
    const made = await ask(port, 'caddy', `${app}/page`, [basic('alice', 'app-alice')]);
    secrets.push(
      made.get('set-cookie')!.split(/[=;]/)[1]!,
      basic('alice', 'app-alice')[1].slice(6),
      basic('alice', 'wrong-password')[1].slice(6),
    );
    await ask(port, 'caddy', `${app}/page`, [basic('alice', 'wrong-password'), from('198.51.100.9')]);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', 'Bearer opaque-secret-token']]);
    const tokens = await fetchTokens(site, 'grafana', 'bob');
    secrets.push(tokens.access_token, tokens.id_token, tokens.id_token.split('.')[2]!);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${tokens.id_token}`]]);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${tokens.access_token}`]]);
    const foreign = await site.provider.sign(
      { iss: site.provider.issuer, sub: 'x', aud: 'y', exp: 9_999_999_999 },
      { foreign: true },
    );
    secrets.push(foreign);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${foreign}`]]);
    await send(
      port,
      `${OUTPOST}/backchannel_logout`,
      [
        ['Host', 'app.example.com'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ],
      'POST',
      `logout_token=${foreign}`,
    );
    for (const failure of ['error', 'nonsense', 'reset'] as const) {
      site.provider.fail('token', failure);
      await visitor.open(await createVisitor(site, port).begin(`${app}/`));
      await ask(port, 'caddy', `${app}/page`, [basic('bob', `password-${failure}`)]);
      secrets.push(`password-${failure}`);
    }
    site.provider.fail('token', undefined);
    await ask(port, 'nginx', 'nonsense', [['X-Original-URI', '/secret-in-a-bad-url']]);
    await visitor.open(`${app}${OUTPOST}/sign_out`);

    process_.child.kill('SIGTERM');
    expect(await within(5000, process_.ended)).toBe(0);
    const log = said.out + said.error;
    const decisions = said.out
      .split('\n')
      .filter((line) => line.includes('"decision"'))
      .map((line) => JSON.parse(line));
    expect(decisions.length).toBeGreaterThan(5);
    expect(decisions[0]).toMatchObject({
      dialect: 'traefik',
      application: 'grafana',
      host: 'app.example.com',
      path: '/page',
      user: 'alice',
    });
    for (const secret of secrets) expect([secret, log.includes(secret)]).toEqual([secret, false]);
    const reasons = new Set(decisions.map((one) => one.reason));
    for (const reason of ['credentials_refused', 'provider_unavailable', 'configuration_error'])
      expect(reasons).toContain(reason);
    expect(log).not.toMatch(/eyJ[\w-]{20}/);
  });

  test('SIGTERM lets a running request finish', async () => {
    const port = await freePort();
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${port}", metrics: off }`);
    const process_ = gatepost(['serve', '--config', file('drain.yaml', text)]);
    await expect
      .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
        timeout: 20_000,
        interval: 100,
      })
      .toBe(200);
    await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']]);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    site.provider.stand('token', async () => {
      await held;
      return undefined;
    });
    const before = site.provider.counts.token;
    const running = ask(port, 'traefik', 'https://app.example.com/', [
      basic('alice', 'app-alice'),
      from('198.51.100.10'),
    ]);
    await expect.poll(() => site.provider.counts.token).toBeGreaterThan(before);
    process_.child.kill('SIGTERM');
    setTimeout(release, 300);
    expect((await running).status).toBe(200);
    expect(await process_.ended).toBe(0);
    site.provider.stand('token', undefined);
  });

  test('a store that is unavailable at start does not stop it, and no other store replaces it', async () => {
    const server = await serve(parseConfig(configText(site.provider.issuer, 'store: redis://127.0.0.1:1')));
    const { port } = server.http;
    expect((await send(port, '/-/health/live')).status).toBe(200);
    expect((await send(port, '/-/health/ready')).status).toBe(503);
    const visitor = createVisitor(site, port);
    const page = await visitor.open(await visitor.begin('https://app.example.com/'));
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBeTruthy();
    expect(visitor.cookie('grafana')).toBe('');
    await server.close();
  });

  test('file://: sessions outlive a kill -9', async () => {
    const port = await freePort();
    const text = configText(
      site.provider.issuer,
      `listen: { http: "127.0.0.1:${port}", metrics: off }\nstore: file://${join(folder, 'sessions')}`,
    );
    const path = file('killed.yaml', text);
    const up = async () =>
      expect
        .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
          timeout: 20_000,
          interval: 100,
        })
        .toBe(200);
    const first = gatepost(['serve', '--config', path]);
    await up();
    const visitor = createVisitor(site, port);
    await visitor.signIn('https://app.example.com/');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = gatepost(['serve', '--config', path]);
    await up();
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    expect((await ask(port, 'traefik', 'https://app.example.com/', [cookie])).status).toBe(200);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
  });

  test('a port that is taken: an error of one line, exit code other than 0', async () => {
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${site.port}", metrics: off }`);
    const { ended, said } = gatepost(['serve', '--config', file('taken.yaml', text)]);
    expect(await ended).not.toBe(0);
    expect(said.error).toContain(String(site.port));
    expect(said.error).not.toMatch(/\n\s+at /);
  });
});
