/**
 * The headers of `identity_headers`: the shipped files know authentik's twelve names alone, and docs/identity-headers.md
 * says what each further name needs.
 *
 * Attack: a proxy passes on a client's own `Remote-User` until it is told not to.
 */
import { namedHeaders } from '../../config/identity_headers.ts';
import type { ApplicationConfig } from '../../config/schema/config.ts';
import type { Sources } from './sources.ts';

/** Names in letters, digits and dashes; one that two applications spell in two ways is there once. */
export function namesOf(applications: readonly ApplicationConfig[]): string[] {
  const names = applications.flatMap((application) => namedHeaders(application).map(({ name }) => name));
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

/** As Go has it: `X-Webauth-User`. Caddy's placeholders have no other spelling. */
const canonical = (name: string) => name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
const underscored = (name: string) => name.toLowerCase().replaceAll('-', '_');

/** For each place in a proxy's files: a line that stands there, and what a name adds below that. */
type Additions = readonly (readonly [file: RegExp, anchor: string, add: (name: string) => string])[];

const NGINX: Additions = [
  [
    /authorize\.conf$/,
    'auth_request_set $gatepost_cookie $upstream_http_cookie;\n',
    (name) => `auth_request_set $gatepost_header_${underscored(name)} $upstream_http_${underscored(name)};\n`,
  ],
  [
    /protect\.conf$/,
    'proxy_set_header X-authentik-no-redirect "";\n',
    (name) => `proxy_set_header ${name} $gatepost_header_${underscored(name)};\n`,
  ],
  [
    /protect_grpc\.conf$/,
    'grpc_set_header X-authentik-no-redirect "";\n',
    (name) => `grpc_set_header ${name} $gatepost_header_${underscored(name)};\n`,
  ],
  ...['fastcgi', 'uwsgi'].map(
    (kind) =>
      [
        new RegExp(`protect_${kind}\\.conf$`),
        `${kind}_param HTTP_X_AUTHENTIK_NO_REDIRECT "";\n`,
        (name: string) =>
          `${kind}_param HTTP_${underscored(name).toUpperCase()} $gatepost_header_${underscored(name)};\n`,
      ] as const,
  ),
  [/server\.conf$/, '    proxy_hide_header X-authentik-meta-version;\n', (name) => `    proxy_hide_header ${name};\n`],
];

const ENVOY: Additions = [
  [
    /envoy\//,
    '                          - remove_on_match: { key_matcher: { prefix: x-authentik } }\n',
    (name) => `                          - remove: ${name.toLowerCase()}\n`,
  ],
  [/envoy\//, 'patterns: [{ prefix: x-authentik- }, ', (name) => `{ exact: ${name.toLowerCase()} }, `],
];

const GATEWAY_API: Additions = [
  [/gateway\.yaml$/, '        - x-host\n', (name) => `        - ${name.toLowerCase()}\n`],
  [/forward_single\.yaml$/, '        - x-authentik-meta-version\n', (name) => `        - ${name.toLowerCase()}\n`],
];

type ProxyName = 'nginx' | 'traefik' | 'caddy' | 'envoy' | 'haproxy' | 'ingress-nginx' | 'gateway-api' | 'compose';

/** What each proxy's files need. Traefik and ingress-nginx delete the client's header where they copy the response's. */
const ADDITIONS: Record<ProxyName, Additions> = {
  nginx: NGINX,
  traefik: [[/./, '          - Authorization\n          - Cookie\n', (name) => `          - ${name}\n`]],
  caddy: [
    [
      /gatepost\.caddy$/,
      '\t\t\t\trequest_header -X-Authentik*\n',
      (name) =>
        `\t\t\t\trequest_header -${name}\n\t\t\t\trequest_header ${name} {http.reverse_proxy.header.${canonical(name)}}\n`,
    ],
  ],
  envoy: ENVOY,
  haproxy: [[/\.lua$/, 'local ADDITIONAL_HEADERS = { ', (name) => `'${name.toLowerCase()}', `]],
  'ingress-nginx': [[/forward_single\.yaml$/, 'X-authentik-meta-version', (name) => `,${name}`]],
  'gateway-api': GATEWAY_API,
  compose: [[/./, 'forwardauth.authresponseheaders: Authorization,Cookie', (name) => `,${name}`]],
};

/** @throws Error where a shipped file has no such place any more */
export function addIdentityHeaders(sources: Sources, proxy: ProxyName, names: readonly string[]): void {
  if (names.length === 0) return;
  if (proxy === 'haproxy') openList(sources);
  for (const [pattern, anchor, add] of ADDITIONS[proxy]) {
    const files = [...sources].filter(([path, text]) => pattern.test(path) && text.includes(anchor));
    if (files.length === 0) throw new Error(`no shipped file of ${proxy} has ${anchor.trim()} any more`);
    for (const [path, text] of files)
      sources.set(
        path,
        text.replaceAll(anchor, () => anchor + names.map(add).join('')),
      );
  }
}

/** Lua takes a comma behind the last item. */
function openList(sources: Sources): void {
  for (const [path, text] of sources)
    sources.set(path, text.replace('local ADDITIONAL_HEADERS = {}', 'local ADDITIONAL_HEADERS = { }'));
}
