/** A configuration in words, as `gatepost check` prints it. */
import { configsOfAddresses } from '../config/hosts.ts';
import { namedHeaders, ownNames } from '../config/identity_headers.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { endpointUrl, redirectUri } from '../endpoints.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';
import { counted } from '../words.ts';

/** The texts to print one after the other. */
export function describeConfig(file: string, config: Config): string[] {
  return [
    `${file} is valid: ${counted(config.applications.length, 'application')}`,
    table(describeProcess(config)),
    ...config.applications.flatMap((application) => [`\n${application.name}`, table(describeApplication(application))]),
  ];
}

type Row = [label: string, value: string];

function table(rows: readonly Row[]): string {
  return rows.map(([label, value]) => `  ${label.padEnd(20)}${value}`).join('\n');
}

function describeProcess({ listen, store, workers, trusted_proxies }: Config): Row[] {
  return [
    ['listens on', listen.http],
    ['metrics on', listen.metrics === false ? 'off' : listen.metrics],
    ['trusts', trusted_proxies.join(', ') || 'no proxy: trusted_proxies is empty'],
    // The store's address may hold a password.
    ['keeps sessions in', store.replace(/\/\/[^/]*@/, '//…@')],
    ['runs in', workers === 'auto' ? 'one process per core' : counted(workers, 'process', 'es')],
  ];
}

function describeApplication(application: ApplicationConfig): Row[] {
  const { slug, external_host, hosts, mode, cookie_domain, issuer, client_id } = application;
  const host =
    mode === 'forward_domain' ? `every host under ${cookie_domain}, login at ${external_host}` : external_host;
  const addresses = configsOfAddresses(application);
  const cookies = new Set(addresses.map(sessionCookieName));
  return [
    ['slug', slug],
    ['protects', host],
    ...hosts.map((address): Row => ['', address]),
    ['provider', issuer],
    ['client', `${client_id} (${describeClient(application)})`],
    ['scopes', application.scopes.join(' ')],
    ...addresses.map((address, at): Row => [at === 0 ? 'redirect URI' : '', redirectUri(address)]),
    // For Traefik's file and for cookie banners.
    ['session cookie', [...cookies].join(', ')],
    ['back-channel logout', endpointUrl(application, 'backchannel_logout')],
    ...describeHeaders(application),
    ['rules', describeRules(application)],
  ];
}

/** The proxy has to know the names: the shipped files have those of presets and of Grafana. */
function describeHeaders(application: ApplicationConfig): Row[] {
  const names = namedHeaders(application).map(({ name }) => name);
  const own = ownNames([application]);
  return [
    ...(names.length > 0 ? [['identity headers', names.join(', ')] satisfies Row] : []),
    ...(own.length > 0
      ? [['', `the proxy needs lines for ${own.join(', ')} (docs/identity-headers.md)`] satisfies Row]
      : []),
  ];
}

function describeClient(application: ApplicationConfig): string {
  const { client_secret, client_key, token_endpoint_auth_method: method } = application;
  if (method !== undefined) return method;
  if (client_key !== undefined) return 'with a key';
  return client_secret === undefined ? 'public: without a secret' : 'with a secret';
}

function describeRules({ skip_path_regex, access }: ApplicationConfig): string {
  if (skip_path_regex.length === 0 && access.length === 0) return 'every request needs a login, any user may';
  return `${counted(skip_path_regex.length, 'skipped path')}, ${counted(access.length, 'access rule')}; every other request needs a login`;
}
