import { readFileSync, rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { secret } from '../config/example.ts';
import { configFile, gatepost } from './fixture.ts';

const { folder, file } = configFile(`secret: ${secret}
applications:
  - name: Grafana
    external_host: https://grafana.example.com
    issuer: https://idp.example.com/
    client_id: grafana
    skip_path_regex: ^/public/
    access:
      - { path: ^/admin, groups: [admins] }
      - { path: ^/hook$, methods: [POST], networks: [203.0.113.0/24], policy: public }
      - { path: ^/closed, policy: deny }
  - name: Everything
    external_host: https://login.lab.example.com
    mode: forward_domain
    cookie_domain: lab.example.com
    issuer: https://idp.example.com/
    client_id: lab
    access: [{ path: ^/open, policy: public }, { path: ^/, policy: deny }]
`);
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of an explanation by their first word; a line without one belongs to the line before it. */
async function explain(...args: string[]): Promise<Record<string, string>> {
  const { code, out, errors } = await gatepost(['explain', '--config', file, ...args]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const joined = out.replace(/\n {10}/g, '|');
  return Object.fromEntries(joined.split('\n').map((line) => [line.slice(0, 10).trim(), line.slice(10)]));
}

it('names the application, the rule and the decision', async () => {
  expect(await explain('https://Grafana.example.com/admin/users?x=1')).toEqual({
    URL: 'https://grafana.example.com/admin/users?x=1',
    host: 'Grafana: applications[0] (grafana), by external_host',
    client: 'GET from an unknown address (--client-ip)',
    user: 'none (--user)',
    rule: 'access[0]: required, {"path":"^/admin","policy":"required","groups":["admins"]}',
    trace: [
      'skip_path_regex[0] (optional) does not match',
      '  path: wants ^/public/, has /admin/users (no)',
      'access[0] (required) decides',
      '  path: wants ^/admin, has /admin/users (yes)',
      'access[1] (public) does not match',
      '  path: wants ^/hook$, has /admin/users (no)',
      '  methods: wants POST, has GET (no)',
      '  networks: wants 203.0.113.0/24, has unknown (no)',
      'access[2] (deny) does not match',
      '  path: wants ^/closed, has /admin/users (no)',
    ].join('|'),
    decision: expect.stringMatching(
      /^sign in first \(no_credentials\): https:\/\/grafana\.example\.com\/outpost\.goauthentik\.io\/start\?rd=/,
    ),
  });
});

it.each([
  [
    ['--user', 'alice', '--group', 'staff', '--group', 'admins'],
    'https://grafana.example.com/admin',
    'access[0]',
    'let through with identity',
  ],
  [['--user', 'alice', '--group', 'staff'], 'https://grafana.example.com/admin', 'access[0]', 'refused (forbidden)'],
  [[], 'https://grafana.example.com/public/x.css', 'skip_path_regex[0]', 'let through without identity'],
  [[], 'https://grafana.example.com/public/..%2fadmin', 'access[0]', 'sign in first'],
  [['--user', 'bob'], 'https://grafana.example.com/', 'default', 'let through with identity'],
  [['--user', 'bob'], 'https://grafana.example.com/closed', 'access[2]', 'refused (denied)'],
  [
    ['--method', 'post', '--client-ip', '203.0.113.9'],
    'https://grafana.example.com/hook',
    'access[1]',
    'let through without identity',
  ],
  [['--method', 'post', '--client-ip', '198.51.100.9'], 'https://grafana.example.com/hook', 'default', 'sign in first'],
  [['--method', 'POST'], 'https://grafana.example.com/hook', 'default', 'sign in first'],
])('%j %s', async (args, url, rule, decision) => {
  const found = await explain(...args, url);
  expect(found.decision).toContain(decision);
  expect(found.rule).toContain(rule);
});

it('compares each criterion of a rule with what the request and the user have', async () => {
  const admin = 'https://grafana.example.com/admin';
  expect((await explain('--user', 'bob', '--group', 'staff', admin)).trace).toContain(
    'access[0] (required) decides|  path: wants ^/admin, has /admin (yes)|  groups: wants admins, has staff (no)|',
  );
  expect((await explain('--user', 'alice', '--group', 'staff', '--group', 'admins', admin)).trace).toContain(
    '  groups: wants admins, has staff, admins (yes)|',
  );
  const hook = ['--method', 'post', '--client-ip', '203.0.113.9', 'https://grafana.example.com/hook'];
  expect((await explain(...hook)).trace).toContain(
    [
      'access[1] (public) decides',
      '  path: wants ^/hook$, has /hook (yes)',
      '  methods: wants POST, has POST (yes)',
      '  networks: wants 203.0.113.0/24, has 203.0.113.9 (yes)',
    ].join('|'),
  );
});

it('names a rule that matches after the one that decides', async () => {
  const { rule, trace } = await explain('https://grafana.example.com/public/admin', '--user', 'bob');
  expect(rule).toBe('skip_path_regex[0]: optional, {"path":"^/public/","policy":"optional"}');
  expect(trace).toContain('skip_path_regex[0] (optional) decides');
  const late = await explain('https://everywhere.lab.example.com/open', '--user', 'bob');
  expect(late.trace).toBe(
    [
      'access[0] (public) decides',
      '  path: wants ^/open, has /open (yes)',
      'access[1] (deny) matches, but another rule decides',
      '  path: wants ^/, has /open (yes)',
    ].join('|'),
  );
});

it('finds a forward_domain application by its cookie domain', async () => {
  const found = await explain('https://x.lab.example.com/');
  expect(found.host).toBe('Everything: applications[1] (everything), by cookie_domain lab.example.com');
});

it('says that there is no application for a host', async () => {
  const found = await explain('https://evil.example.org/');
  expect(found).toMatchObject({
    host: 'no application',
    decision: 'refused (unknown_host): no application for evil.example.org',
  });
});

it('lists the readings of a path that can be read in several ways', async () => {
  const { out } = await gatepost(['explain', '--config', file, 'https://grafana.example.com/public//x']);
  expect(out).toContain(
    'The path can be read as "/public//x", "/public/x": a rule opens it only where it matches each',
  );
  const long = `https://grafana.example.com/public/${'x%2f;y//'.repeat(300)}`;
  expect((await gatepost(['explain', '--config', file, long])).out).toContain('The path can be read in too many ways');
});

it("lets the login's own pages through, without a rule", async () => {
  const found = await explain('https://grafana.example.com/outpost.goauthentik.io/start');
  expect(found).toMatchObject({
    rule: 'none: the pages of the login are open to every client',
    decision: 'let through without identity',
  });
  expect(found).not.toHaveProperty('trace');
});

it('applies the rules to other paths below the prefix of the login', async () => {
  const found = await explain('https://grafana.example.com/outpost.goauthentik.io/other');
  expect(found.rule).toBe('default: required');
  expect(found.decision).toMatch(/^sign in first/);
});

it('prints what the documentation shows', async () => {
  const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const [, command = '', output] = /```sh\nnpx gatepost (explain .*)\n```\n\n```text\n([\s\S]*?)\n```/.exec(page) ?? [];
  const shown = configFile(`secret: ${secret}
applications:
  - name: Grafana
    external_host: https://grafana.example.com
    issuer: https://idp.example.com/
    client_id: grafana
    access:
      - { path: ^/healthz$, policy: public }
      - { path: ^/admin, groups: [admins] }
`);
  const { out } = await gatepost(command.replace('gatepost.yaml', shown.file).split(' '));
  expect(out).toBe(output);
  rmSync(shown.folder, { recursive: true });
});

it.each([
  [['grafana.example.com/admin'], 'must be absolute'],
  [['ftp://grafana.example.com/'], 'must be absolute'],
  [['https://user@grafana.example.com/'], 'user information'],
  [['--client-ip', 'here', 'https://grafana.example.com/'], '--client-ip is not an IP address'],
])('refuses %j with exit code 1', async (args, part) => {
  const { code, errors } = await gatepost(['explain', '--config', file, ...args]);
  expect(code).toBe(1);
  expect(errors).toContain(part);
});
