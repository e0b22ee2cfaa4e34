/** The lines of docs/identity-headers.md, for each proxy: the application reads the user, and never a client's own word. */
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { applyDiffs } from './docs_diff.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { type TestedProxy, withChange } from './proxy.ts';
import { useSiteOf, useWorld } from './started.ts';
import { traefik } from './traefik.ts';
import { header, type Seen, variables } from './upstream.ts';

const PAGE = '../identity-headers.md';

/** Which section is about a proxy, and what the shipped files are called in the site's folder. */
const proxies: [proxy: TestedProxy, section: string, files: Record<string, string>][] = [
  [
    nginx,
    'nginx',
    Object.fromEntries(
      ['authorize', 'protect', 'server'].map((name) => [`nginx/gatepost/${name}.conf`, `gatepost/${name}.conf`]),
    ),
  ],
  [traefik, 'Traefik', { 'traefik/forward_single.yml': 'gatepost.yml' }],
  [caddy, 'Caddy', { 'caddy/gatepost.caddy': 'gatepost.caddy' }],
  [envoy, 'Envoy', { 'envoy/forward_single.yaml': 'envoy.yaml' }],
  [haproxy, 'HAProxy', { 'haproxy/gatepost.lua': 'gatepost.lua' }],
  [apache, 'Apache httpd', { 'apache/gatepost/gatepost.lua': 'gatepost/gatepost.lua' }],
];

const NAMES = ['Remote-User', 'Remote-Groups', 'Remote-Email', 'Remote-Name'];
/** To CGI, WSGI and PHP each is the same header; Node and proxies know them as different ones. */
const SPELLINGS = ['Remote-User', 'remote-user', 'REMOTE-USER', 'Remote_User', 'Remote.User', 'Remote~User'];

describe.each(proxies)('$name', (proxy, section, files) => {
  const binary = needTool(proxy.tool);
  describe.skipIf(!binary)('with the lines of the page', () => {
    const changed = withChange(proxy, (site) => applyDiffs(site, PAGE, section, files));
    const site = useSiteOf(useWorld([proxy.name], 'plain', 'identity_headers: authelia'), changed, 'single');
    const forged = SPELLINGS.map((name): [string, string] => [name, 'root']);
    const read = (one: Seen | undefined) => NAMES.map((name) => one && header(one, name));
    const rootedVariables = (one: Seen) => [...variables(one)].filter(([, values]) => values.includes('root'));

    test('the application reads the user under the names that it knows', async () => {
      const { cookie } = await site().signIn();
      const { seen } = await site().ask({ path: '/x', headers: [cookie] });
      expect(read(seen)).toEqual(['alice', 'admins,staff', 'alice@example.com', 'Łukasz 山田 Ünïcode']);
      expect(header(seen!, 'X-authentik-username') ?? '').toBe('');
      expect(header(seen!, 'X-authentik-jwt') ?? '').toBe('');
    });

    // Attack: a client that names itself.
    test("no spelling of a client's own reaches it, with a session or without", async () => {
      const { cookie } = await site().signIn();
      for (const [path, headers] of [
        ['/x', [cookie, ...forged]],
        ['/optional/x', forged],
        ['/public/x', forged],
      ] as const) {
        const { seen } = await site().ask({ path, headers: [...headers] });
        expect([path, seen && rootedVariables(seen)]).toEqual([path, []]);
        expect([path, header(seen!, 'Remote-User') || undefined]).toEqual([path, path === '/x' ? 'alice' : undefined]);
      }
    });

    test('a refused visitor learns nothing of them', async () => {
      const { cookie } = await site().signIn('bob', 'builder');
      const answer = await site().ask({ path: '/admin', headers: [cookie, ['Accept', 'text/html']] });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('remote-'))).toEqual([]);
    });
  });
});
