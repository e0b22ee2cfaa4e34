/** The text of a first configuration. */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

/** What the file is made of. */
export interface InitAnswers {
  name: string;
  /** `https://grafana.example.com`, as `external_host` is read. */
  host: string;
  issuer: string;
  clientId: string;
  /** `undefined`: a public client. */
  clientSecret: string | undefined;
  proxy: ProxyName | undefined;
}

export const PROXY_NAMES = [
  'nginx',
  'traefik',
  'caddy',
  'envoy',
  'haproxy',
  'ingress-nginx',
  'gateway-api',
  'compose',
] as const;
export type ProxyName = (typeof PROXY_NAMES)[number];

/** They reach Gatepost over a network; every other one is taken for a neighbour on the same machine. */
const IN_CONTAINERS: readonly (ProxyName | undefined)[] = ['ingress-nginx', 'gateway-api', 'compose'];
/** Their files say the client's method in a header, which Gatepost believes only when it is told so. */
const WITH_METHOD_HEADER: readonly (ProxyName | undefined)[] = ['nginx', 'haproxy', 'ingress-nginx'];

const SECRET_BYTES = 32;

/** @param schema where an editor finds the JSON Schema, if it does */
export function initFile(answers: InitAnswers, schema?: string): string {
  const { name, host, issuer, clientId, clientSecret, proxy } = answers;
  const listen = IN_CONTAINERS.includes(proxy) ? '0.0.0.0:9000' : '127.0.0.1:9000';
  const method = WITH_METHOD_HEADER.includes(proxy) ? '' : '# ';
  return [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    '# Gatepost\'s configuration. "gatepost check" says what is wrong with it, docs/configuration.md what else there is.',
    '# This file holds secrets: keep it for the user that runs Gatepost, or write ${NAME} for a variable of the environment.',
    '',
    '# Where the proxy and Prometheus reach Gatepost. For a proxy in a container or on another machine: 0.0.0.0:9000, behind a',
    '# firewall that lets the proxy alone come here.',
    `listen: { http: ${listen}, metrics: 127.0.0.1:9300 }`,
    '',
    '# Which proxies may ask. The default is this machine and all private networks.',
    '# trusted_proxies: [127.0.0.1, "::1"]',
    '',
    '# Seals the sessions. Whoever knows it can make sessions of their own.',
    `secret: ${quoted(randomBytes(SECRET_BYTES).toString('base64url'))}`,
    '',
    '# Sessions end with the process. With file:///var/lib/gatepost they outlive it; redis://host:6379 is for several machines.',
    'store: memory',
    '',
    '# The files of "gatepost snippet" for nginx, HAProxy and ingress-nginx set this header. Name it only where yours do.',
    `${method}nginx_method_header: X-Original-Method`,
    '',
    'applications:',
    `  - name: ${quoted(name)}`,
    `    external_host: ${host}`,
    `    issuer: ${issuer}`,
    `    client_id: ${quoted(clientId)}`,
    ...(clientSecret === undefined
      ? ['    # The client is public: it has no client_secret.']
      : [`    client_secret: ${quoted(clientSecret)}`]),
    '    # With offline_access, where the provider has it, sessions are refreshed for session_max_age (24h); without it a',
    '    # session ends with its tokens.',
    '    scopes: [openid, profile, email]',
    '    # Where the provider sends users after a sign-out. Register it there.',
    `    # post_logout_redirect_uri: ${host}/`,
    '    # The first rule that matches decides. Without one every request needs a login, and any user may.',
    '    # access:',
    '    #   - { path: ^/healthz$, policy: public }',
    '    #   - { path: ^/admin, groups: [admins] }',
    '',
  ].join('\n');
}

/** A text of any characters that stays itself: neither YAML nor a reference to a variable reads anything into it. */
function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('${', () => '$${')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** `Grafana` of `https://grafana.example.com:8443`. */
export function nameOfHost(host: string): string {
  const { hostname } = new URL(host);
  const [label = ''] = hostname.split('.');
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || label === '') return 'Site';
  return label.charAt(0).toUpperCase() + label.slice(1);
}
