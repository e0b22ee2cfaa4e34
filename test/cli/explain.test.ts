import { readFileSync, rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { secret } from '../config/example.ts';
// The command is loaded when it runs, which takes longer than a test may on a busy machine.
import '../../src/cli/explain.ts';
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
      - { path: ^/sales, claims: { department: [sales, support] }, email_verified: true }
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
  expect(errors).toBe('');
  expect(code).toBe(/^decision {2}let through/m.test(out) ? 0 : 1);
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
      'access[3] (required) does not match',
      '  path: wants ^/sales, has /admin/users (no)',
    ].join('|'),
    decision: expect.stringMatching(
      /^sign in first \(no_credentials\): https:\/\/grafana\.example\.com\/outpost\.goauthentik\.io\/start\?rd=/,
    ),
    status: 'nginx 401, traefik 302, caddy 302, envoy 302',
    headers: expect.stringMatching(
      /^Location: https:\/\/grafana\.example\.com\/outpost\.goauthentik\.io\/start\?rd=\S+$/,
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
  [
    ['--user', 'alice', '--email', 'a@example.com', '--claim', 'department=support'],
    'https://grafana.example.com/sales',
    'access[3]',
    'let through with identity',
  ],
  [
    ['--user', 'alice', '--email', 'a@example.com', '--unverified', '--claim', 'department=support'],
    'https://grafana.example.com/sales',
    'access[3]',
    'refused (forbidden)',
  ],
  [
    ['--user', 'alice', '--email', 'a@example.com', '--claim', 'department=finance'],
    'https://grafana.example.com/sales',
    'access[3]',
    'refused (forbidden)',
  ],
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

it('finds an application by one of its further hosts, each with a login of its own', async () => {
  const { folder: other, file: named } = configFile(`secret: ${secret}
applications:
  - name: Wiki
    external_host: https://wiki.example.com
    hosts: [https://wiki.example.org, "https://*.wiki.example.net"]
    issuer: https://idp.example.com/
    client_id: wiki
    access: [{ hosts: [wiki.example.org], groups: [staff] }]
`);
  const { out } = await gatepost(['explain', '-c', named, 'https://a.wiki.example.net/x']);
  expect(out).toContain('host      Wiki: applications[0] (wiki), by hosts https://*.wiki.example.net\n');
  expect(out).toContain('sign in first (no_credentials): https://a.wiki.example.net/outpost.goauthentik.io/start?rd=');
  expect(out).toContain('hosts: wants wiki.example.org, has a.wiki.example.net (no)');
  const refused = await gatepost(['explain', '-c', named, '--json', '--user', 'bob', 'https://wiki.example.org/']);
  expect(JSON.parse(refused.out)).toMatchObject({ allowed: false, reason: 'forbidden', application: 'wiki' });
  rmSync(other, { recursive: true });
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

it('shows the headers of the 200, as the upstream gets them', async () => {
  const claims = ['--claim', 'name=Łukasz 山田', '--claim', 'entitlements=read', '--claim', 'entitlements=write'];
  const attributes = '{"user_attributes":{"additionalHeaders":{"X-Team":"Grün"}}}';
  const person = ['--user', 'alice', '--email', 'alice@example.com', '--group', 'a', '--group', 'b', ...claims];
  const args = [...person, '--claim', 'sub=u-1', '--claim', `ak_proxy=${attributes}`, 'https://grafana.example.com/'];
  expect((await explain(...args)).headers?.split('|X-').map((one) => one.replace(/^X-/, ''))).toEqual([
    'authentik-username: alice',
    'authentik-groups: a|b',
    'authentik-entitlements: read|write',
    'authentik-email: alice@example.com',
    'authentik-name: Łukasz 山田',
    'authentik-uid: u-1',
    'authentik-jwt:',
    'authentik-meta-jwks:',
    'authentik-meta-outpost: gatepost',
    'authentik-meta-provider: Grafana',
    'authentik-meta-app: grafana',
    expect.stringMatching(/^authentik-meta-version: gatepost\//),
    'Team: Grün',
  ]);
});

it('says what of a user no header or rule would see', async () => {
  const { notes, user } = await explain('--user', 'bob', '--group', 'x|admins', 'https://grafana.example.com/');
  expect(notes).toContain('a value of groups is left out');
  expect(user).toBe('bob');
});

it('takes a credential for that of the user, and for a refused one where there is no user', async () => {
  const header = ['--header', 'Authorization: Basic YWxpY2U6c2VjcmV0'];
  const json = async (...args: string[]) =>
    JSON.parse((await gatepost(['explain', '-c', file, '--json', ...args])).out);
  const url = 'https://grafana.example.com/x';
  expect(await json(url, ...header)).toMatchObject({ status: 302, reason: 'credentials_refused' });
  expect((await json(url, ...header, '--user', 'alice')).headers).not.toHaveProperty('Authorization');
  // The application's own business is passed on; a history of commands is no place for it.
  const other = await json(url, '--header', 'Authorization: Digest username="x"', '--user', 'alice');
  expect(other.headers.Authorization).toBe('Digest …');
  const cookie = await json(url, '--header', 'Cookie: a=secret; b=1', '--user', 'alice');
  expect(cookie.headers.Cookie).toBe('a=…; b=…');
});

it('reads the method as each kind of proxy reports it', async () => {
  const hook = ['--method', 'post', '--client-ip', '203.0.113.9', 'https://grafana.example.com/hook'];
  expect((await explain(...hook)).status).toBe('nginx 401 (no_credentials), traefik 200, caddy 200, envoy 200');
  // Without nginx_method_header, nginx reports none.
  const nginx = await explain(...hook, '--dialect', 'nginx');
  expect(nginx.client).toBe('an unknown method (nginx) from 203.0.113.9');
  expect(nginx.status).toBe('nginx 401, traefik 200 (let in), caddy 200 (let in), envoy 200 (let in)');
});

it('prints for programs what decides and why, and nothing else', async () => {
  const args = ['--user', 'bob', '--group', 'staff', '--json', 'https://grafana.example.com/admin'];
  const { code, out } = await gatepost(['explain', '--config', file, ...args]);
  expect(code).toBe(1);
  const explanation = JSON.parse(out);
  expect(Object.keys(explanation)).toEqual(['allowed', 'status', 'reason', 'application', 'rules', 'headers']);
  expect(explanation).toMatchObject({ allowed: false, status: 403, reason: 'forbidden', application: 'grafana' });
  expect(explanation.headers).toMatchObject({ 'Cache-Control': 'no-store', 'X-Gatepost-Reason': 'forbidden' });
  expect(explanation.rules[1]).toEqual({
    name: 'access[0]',
    matched: true,
    why: 'required, decides: path: wants ^/admin, has /admin (yes); groups: wants admins, has staff (no)',
  });
  expect(explanation.rules.map(({ name }: { name: string }) => name)).toEqual([
    'skip_path_regex[0]',
    'access[0]',
    'access[1]',
    'access[2]',
    'access[3]',
  ]);
});

it('names the rule for everything else where it decides, and no application or rule where there is none', async () => {
  const json = async (url: string) => {
    const { code, out } = await gatepost(['explain', '--config', file, '--json', '--user', 'bob', url]);
    return { code, ...JSON.parse(out) };
  };
  const found = await json('https://grafana.example.com/other');
  expect(found).toMatchObject({ code: 0, allowed: true, status: 200, reason: null });
  expect(found.rules.at(-1)).toEqual({
    name: 'default',
    matched: true,
    why: 'required, decides: what no other rule decides needs a login, any user may',
  });
  expect(await json('https://evil.example.org/')).toMatchObject({
    code: 1,
    allowed: false,
    status: 404,
    reason: 'unknown_host',
    application: null,
    rules: [],
  });
  const own = await json('https://grafana.example.com/outpost.goauthentik.io/ping');
  expect(own).toMatchObject({ code: 0, allowed: true, application: 'grafana', rules: [] });
});

it('reads a host in letters of other alphabets, and refuses no path for them', async () => {
  const found = await explain('https://grafana.example.com/public/münchen');
  expect(found.URL).toBe('https://grafana.example.com/public/m%C3%BCnchen');
  expect(found.decision).toBe('let through without identity');
  expect((await explain('https://münchen.example.com/')).decision).toContain('xn--mnchen-3ya.example.com');
});

it('leaves a URL that is too long to the server', async () => {
  const { code, out } = await gatepost(['explain', '-c', file, `https://grafana.example.com/${'x'.repeat(17_000)}`]);
  expect(code).toBe(1);
  expect(out).toContain('decision  refused (uri_too_long)\nstatus    nginx 403, traefik 414, caddy 414, envoy 414');
});

it.each([
  [['grafana.example.com/admin'], 'must be absolute'],
  [['ftp://grafana.example.com/'], 'must be absolute'],
  [['https://user@grafana.example.com/'], 'user information'],
  [['https://grafana.example.com/a b'], 'spaces or control characters'],
  [['https://grafana.example.com/\r\nX-Forwarded-Host: x'], 'spaces or control characters'],
  [['--client-ip', 'here', 'https://grafana.example.com/'], '--client-ip is not an IP address'],
  [['--method', 'P UT', 'https://grafana.example.com/'], '--method is not a method'],
  [['--method', 'CONNECT', 'https://grafana.example.com/'], '--method is not a method'],
  [['--header', 'Accept', 'https://grafana.example.com/'], '--header is not a header'],
  [['--header', 'A: b\r\nC: d', 'https://grafana.example.com/'], '--header is not a header'],
  [['--claim', 'department', 'https://grafana.example.com/'], '--claim is not a name and a value'],
  [['--claim', '=sales', 'https://grafana.example.com/'], '--claim is not a name and a value'],
  [['--user', 'x', '--unverified', 'https://grafana.example.com/'], '--email is missing'],
  [['--dialect', 'apache', 'https://grafana.example.com/'], 'nginx, traefik, caddy, envoy'],
  [['--colour', 'https://grafana.example.com/'], 'unknown option'],
  [[], 'missing required argument'],
])('refuses %j with exit code 2', async (args, part) => {
  const { code, errors, out } = await gatepost(['explain', '--config', file, ...args]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(errors).toContain(part);
});

it('ends with exit code 2 where there is no configuration to decide by', async () => {
  const { code, errors } = await gatepost(['explain', '--config', '/nowhere/gatepost.yaml', 'https://x.example.com/']);
  expect(code).toBe(2);
  expect(errors).toContain('does not exist');
});

it('has no answer of ours where Node cannot read the question of a proxy', async () => {
  const args = ['--method', 'BREW', '--header', 'Expect: 100-continue', 'https://grafana.example.com/public/x'];
  const found = await explain(...args);
  expect(found.status).toBe('nginx 200, traefik 200, caddy 200, envoy 400');
  const envoy = await explain(...args, '--dialect', 'envoy');
  expect(envoy).toMatchObject({ host: 'no application', decision: 'refused (the request cannot be read)' });
});
