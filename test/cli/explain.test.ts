import { rmSync } from 'node:fs';
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
`);
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of an explanation by their first word. */
async function explain(...args: string[]): Promise<Record<string, string>> {
  const { code, out, errors } = await gatepost(['explain', '--config', file, ...args]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return Object.fromEntries(out.split('\n').map((line) => [line.slice(0, 10).trim(), line.slice(10)]));
}

it('names the application, the rule and the decision', async () => {
  expect(await explain('https://Grafana.example.com/admin/users?x=1')).toEqual({
    URL: 'https://grafana.example.com/admin/users?x=1',
    host: 'Grafana: applications[0] (grafana), by external_host',
    client: 'GET from an unknown address (--client-ip)',
    user: 'nobody (--user)',
    rule: 'access[0]: required, {"path":"^/admin","policy":"required","groups":["admins"]}',
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

it('says that nothing opens a path that can be read in several ways', async () => {
  const { out } = await gatepost(['explain', '--config', file, 'https://grafana.example.com/public//x']);
  expect(out).toContain('The path can be read in several ways');
});

it("lets the login's own pages through", async () => {
  expect((await explain('https://grafana.example.com/outpost.goauthentik.io/start')).decision).toBe(
    'let through without identity',
  );
});

it.each([
  [['grafana.example.com/admin'], 'must be absolute'],
  [['ftp://grafana.example.com/'], 'must be absolute'],
  [['https://user@grafana.example.com/'], 'user information'],
  [['--client-ip', 'here', 'https://grafana.example.com/'], '--client-ip is no address'],
])('refuses %j with exit code 1', async (args, part) => {
  const { code, errors } = await gatepost(['explain', '--config', file, ...args]);
  expect(code).toBe(1);
  expect(errors).toContain(part);
});
