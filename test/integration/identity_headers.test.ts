/**
 * `identity_headers` behind each proxy: the application reads the user under the names that it knows, and never a client's own
 * word. The shipped files know the names of presets and of Grafana; an operator's own have the lines of docs/identity-headers.md.
 */

import { describe, expect, test } from 'vitest';
import { SHIPPED_NAMES } from '../../src/config/identity_headers.ts';
import { needTool } from '../support/tools.ts';
import { apache } from './apache.ts';
import { reached } from './ask.ts';
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

const FULL_NAME = 'Łukasz 山田 Ünïcode';
const OAUTH2_PROXY = {
  'X-Auth-Request-User': 'u-alice',
  'X-Auth-Request-Email': 'alice@example.com',
  'X-Auth-Request-Preferred-Username': 'alice',
  'X-Auth-Request-Groups': 'admins,staff',
};
const AUTHELIA_AND_GRAFANA = {
  'Remote-User': 'alice',
  'Remote-Groups': 'admins,staff',
  'Remote-Email': 'alice@example.com',
  'Remote-Name': FULL_NAME,
  'X-WEBAUTH-USER': 'alice',
  'X-WEBAUTH-NAME': FULL_NAME,
  'X-WEBAUTH-EMAIL': 'alice@example.com',
  'X-WEBAUTH-GROUPS': 'admins,staff',
  'X-WEBAUTH-ROLE': '',
};
const GRAFANA_CLAIMS =
  'X-WEBAUTH-USER: preferred_username, X-WEBAUTH-NAME: name, X-WEBAUTH-EMAIL: email, X-WEBAUTH-GROUPS: groups, X-WEBAUTH-ROLE: role';

/** How a client writes a name; to CGI, WSGI and PHP each is the same header. */
const spellings = (name: string) => [
  name,
  name.toLowerCase(),
  ...['_', '.', '~'].map((sign) => name.replaceAll('-', sign)),
];

/** @param change what an operator alters in the shipped files */
function cases(proxy: TestedProxy, configured: string, expected: Record<string, string>, change?: TestedProxy): void {
  const site = useSiteOf(useWorld([proxy.name], 'plain', configured), change ?? proxy, 'single');
  const names = Object.keys(expected);
  const forged = [...new Set([...SHIPPED_NAMES, ...names])]
    .flatMap(spellings)
    .map((name): [string, string] => [name, 'root']);
  const read = (one: Seen) => Object.fromEntries(names.map((name) => [name, header(one, name) ?? '']));
  const nothing = Object.fromEntries(names.map((name) => [name, '']));
  const others = SHIPPED_NAMES.filter((name) => !names.includes(name));

  test('the application reads the user under the names that it knows', async () => {
    const { cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: '/x', headers: [cookie] }));
    expect(read(seen)).toEqual(expected);
    expect(header(seen, 'X-authentik-username') ?? '').toBe('');
    expect(header(seen, 'X-authentik-jwt') ?? '').toBe('');
  });

  // Attack: a client that names itself.
  test("no spelling of a client's own reaches it, with a session or without", async () => {
    const { cookie } = await site().signIn();
    for (const [path, headers, values] of [
      ['/x', [cookie, ...forged], expected],
      ['/optional/x', [cookie, ...forged], expected],
      ['/optional/x', forged, nothing],
      ['/public/x', forged, nothing],
    ] as const) {
      const seen = reached(await site().ask({ path, headers: [...headers] }));
      expect([path, [...variables(seen)].filter(([, sent]) => sent.includes('root'))]).toEqual([path, []]);
      expect([path, read(seen)]).toEqual([path, values]);
      expect([path, others.filter((name) => header(seen, name))]).toEqual([path, []]);
    }
  });

  test('a refused visitor learns nothing of them', async () => {
    const { cookie } = await site().signIn('bob', 'builder');
    const answer = await site().ask({ path: '/admin', headers: [cookie, ['Accept', 'text/html']] });
    expect(answer.status).toBe(403);
    expect(names.filter((name) => answer.headers[name.toLowerCase()] !== undefined)).toEqual([]);
  });
}

describe.each(proxies)('$name', (proxy, section, files) => {
  const binary = needTool(proxy.tool);
  describe.skipIf(!binary)('the shipped files know the names of oauth2-proxy', () =>
    cases(proxy, 'identity_headers: oauth2-proxy', OAUTH2_PROXY),
  );
  describe.skipIf(!binary)('… of Authelia and Grafana', () =>
    cases(proxy, `identity_headers: { preset: authelia, ${GRAFANA_CLAIMS} }`, AUTHELIA_AND_GRAFANA),
  );
  describe.skipIf(!binary)('… and, with the lines of the page, of an operator', () =>
    cases(
      proxy,
      'identity_headers: { preset: none, X-Employee: email, X-WEBAUTH-USER: preferred_username }',
      { 'X-Employee': 'alice@example.com', 'X-WEBAUTH-USER': 'alice' },
      withChange(proxy, (site) => applyDiffs(site, PAGE, section, files)),
    ),
  );
});
