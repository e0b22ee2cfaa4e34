/** What all integration tests share: one OpenID provider, one upstream, one Gatepost with a pair of applications per proxy. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { type Running as Gatepost, serve } from '../../src/server/server.ts';
import { people, startProvider, type TestClient, type TestProvider, type TestUser } from '../support/provider.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { freePort } from './program.ts';
import { startUpstream } from './upstream.ts';

/** Two set-ups of one proxy: their ports are known before anything starts, since Gatepost knows sites by host and port. */
export interface Ports {
  single: number;
  domain: number;
}

/** Where TLS ends: nowhere, in the proxy, or in a load balancer in front of it, which asks the proxy over plain http. */
export type Front = 'plain' | 'tls' | 'balancer';

export interface World {
  provider: TestProvider;
  upstream: Awaited<ReturnType<typeof startUpstream>>;
  gatepost: number;
  ports: Record<string, Ports>;
  front: Front;
  scheme: 'http' | 'https';
  /** For the sites, where the proxy itself ends TLS. */
  tls: Certificate | undefined;
  /** The faults of proxies that Gatepost has seen. */
  alarms: LogEvent[];
  /** The traces in the log lines of decisions. */
  traces: string[];
  close(): Promise<void>;
}

const modes = ['single', 'domain'] as const;

export const singleHost = (name: string) => `app-${name}.localhost`;
export const domainHosts = (name: string): [string, string] => [`one.${name}.localhost`, `two.${name}.localhost`];
export const clientId = (name: string, mode: keyof Ports) => `${name}-${mode}`;
/** The session cookie's name, as the contract has it. */
export const cookieName = (name: string, mode: keyof Ports, scheme: World['scheme']) =>
  `${scheme === 'https' && mode === 'single' ? '__Host-' : ''}authentik_proxy_${createHash('sha256').update(clientId(name, mode)).digest('hex').slice(0, 8)}`;

const hostOf = (name: string, mode: keyof Ports, ports: Ports) =>
  mode === 'single' ? `${singleHost(name)}:${ports.single}` : `${domainHosts(name)[0]}:${ports.domain}`;

function client(name: string, mode: keyof Ports, externalHost: string): TestClient {
  const callback = '/outpost.goauthentik.io/callback?X-authentik-auth-callback=true';
  return { client_id: clientId(name, mode), client_secret: 'secret', redirect_uris: [externalHost + callback] };
}

/** A user whose groups make long headers and a long token. */
const carol: TestUser = {
  sub: 'u-carol',
  username: 'carol',
  password: 'crowd',
  claims: { name: 'Carol', groups: Array.from({ length: 500 }, (_, at) => `department-${at}`) },
};

/** Somebody who has named themselves and a group so that an application could take them for others. */
const mallory: TestUser = {
  sub: 'u-mallory',
  username: 'mallory',
  password: 'mischief',
  app_passwords: ['browser-0', 'browser-1', 'browser-2', 'program'],
  claims: { name: 'Mallory', groups: ['x|admins', 'staff'] },
};
const eve: TestUser = {
  sub: 'u-eve',
  username: 'eve',
  password: 'apple',
  claims: { preferred_username: 'root ', email: 'eve', name: 'Eve' },
};

/** One site with every kind of rule, one for two hosts that sends HTTP Basic to the application, and a neighbour. */
function applications(name: string, externalHost: (mode: keyof Ports) => string, issuer: string, more: string): string {
  return modes
    .map(
      (mode) => `
  - name: ${name} ${mode}
    slug: ${name}-${mode}
    external_host: ${externalHost(mode)}
    ${mode === 'domain' ? `mode: forward_domain\n    cookie_domain: ${name}.localhost` : 'mode: forward_single'}
    issuer: ${issuer}
    client_id: ${clientId(name, mode)}
    client_secret: secret
    scopes: [openid, profile, email, ak_proxy, groups, entitlements]
    skip_preflight: true
    basic_auth_enabled: ${mode === 'domain'}
    basic_auth_user_attribute: app_username
    basic_auth_password_attribute: app_password
    ${more}
    access:
      - { path: ^/public/, policy: public }
      - { path: ^/read/, methods: [GET], policy: public }
      - { path: ^/office/, networks: [203.0.113.0/24], policy: public }
      - { path: ^/optional/, policy: optional }
      - { path: ^/admin, groups: [admins] }`,
    )
    .concat(neighbour(name, externalHost('single'), issuer))
    .join('');
}

/** A domain that has the single site's host too: what is no address of that site may not become one of this, which is open. */
function neighbour(name: string, externalHost: string, issuer: string): string {
  return `
  - name: ${name} neighbour
    external_host: ${externalHost.replace('://', '://wide.')}
    mode: forward_domain
    cookie_domain: ${singleHost(name)}
    issuer: ${issuer}
    client_id: ${name}-neighbour
    client_secret: secret
    access: [{ policy: public }]`;
}

/** An image of the largest size that is allowed, which no compression makes smaller: every proxy must pass it on. */
const largestLogo = () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(32 * 1024 - 8)]);

/**
 * `names`: the set-ups that will be started in front of this Gatepost. `events`: where it tells what it does. `more`: a further
 * key of its applications.
 */
export async function startWorld(
  names: string[],
  front: Front = 'plain',
  events = createEvents(),
  more = '',
): Promise<World> {
  const ports: Record<string, Ports> = {};
  for (const name of names) ports[name] = { single: await freePort(), domain: await freePort() };
  const scheme = front === 'plain' ? 'http' : 'https';
  const hosts = names.flatMap((name) => [singleHost(name), ...domainHosts(name)]);
  const tls = front === 'tls' ? makeCertificate(hosts) : undefined;
  const external = (name: string) => (mode: keyof Ports) => `${scheme}://${hostOf(name, mode, ports[name]!)}`;
  const clients = names.flatMap((name) => modes.map((mode) => client(name, mode, external(name)(mode))));
  const provider = await startProvider({ clients, users: [...people, carol, mallory, eve], id_token_ttl: 3600 });
  const upstream = await startUpstream();
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-world-'));
  writeFileSync(join(folder, 'logo.png'), largestLogo());
  const text = `
listen: { http: "127.0.0.1:0", metrics: "127.0.0.1:0" }
secret: integration-tests-integration-tests
nginx_method_header: X-Original-Method
log: { level: error }
pages: { title: Integration Ltd, logo_file: ${join(folder, 'logo.png')}, contact: help@example.com }
${front === 'balancer' ? 'trusted_proxies: ["127.0.0.0/8"]' : ''}
applications:${names.map((name) => applications(name, external(name), provider.issuer, more)).join('')}
`;
  const alarms: LogEvent[] = [];
  events.on('log', (event) => event.event.startsWith('proxy.') && alarms.push(event));
  const traces: string[] = [];
  events.on('decision', ({ trace_id }) => trace_id !== undefined && traces.push(trace_id));
  const gatepost: Gatepost = await serve(parseConfig(text), { events });
  const close = async () => {
    await Promise.all([gatepost.close(), provider.close(), upstream.close()]);
    tls?.remove();
    rmSync(folder, { recursive: true });
  };
  return { provider, upstream, gatepost: gatepost.http.port, ports, front, scheme, tls, alarms, traces, close };
}
