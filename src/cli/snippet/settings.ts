/** What a proxy's files are filled in with: the sites of the configuration, and what only the operator knows. */
import { configsOfAddresses } from '../../config/hosts.ts';
import { ownNames } from '../../config/identity_headers.ts';
import type { ApplicationConfig, Config } from '../../config/schema/config.ts';
import { isHttps } from '../../endpoints.ts';
import { hostnameOf, isUnderDomain } from '../../http/host.ts';
import { sessionCookieName } from '../../sessions/session_cookie.ts';
import { version } from '../../version.ts';
import { type Address, gatepostAddress, parseAddress } from './addresses.ts';
import type { Front } from './sources.ts';

export interface SnippetOptions {
  application?: string;
  /** `[host=]address`, as it was typed. */
  upstream: string[];
  gatepost?: string;
  /** The networks of a load balancer that ends TLS. */
  behind?: string;
  certificate?: string;
  key?: string;
}

/** One host that the proxy serves. */
export interface Site {
  application: ApplicationConfig;
  /** For names of the proxy's own; no two are equal. */
  name: string;
  /** With the port, where it is not that of the scheme. */
  host: string;
  hostname: string;
  /** `*.apps.example.com`: the star stands for one name. */
  isWildcard: boolean;
  upstream: Address;
}

export interface SnippetSettings {
  sites: Site[];
  /** The names of their session cookies. */
  cookies: string[];
  /** The names of identity headers that the shipped files do not have. */
  headers: string[];
  scheme: 'http' | 'https';
  front: Front;
  /** The port of the proxy. */
  port: number;
  gatepost: Address;
  /** The port that Gatepost listens on. */
  gatepostPort: number;
  balancer: string[];
  certificate: string | undefined;
  key: string | undefined;
  /** The comment that a filled-in file begins with: of one host, or of all. */
  head(hostname?: string): string[];
}

/** The names that Gatepost and an application have in a network of the proxy's own. */
export interface Inside {
  gatepost(config: Config): Address;
  upstream(name: string): Address;
}

/** A file for the proxy. */
export interface SnippetFile {
  /** A path below the folder that all of them go into. */
  name: string;
  text: string;
}

/** Something that was typed cannot be used; the message completes `gatepost: `. */
export class SnippetError extends Error {}

/** The application of a service that nobody has named. */
const UNKNOWN_UPSTREAM: Address = { host: '127.0.0.1', port: 8080 };

/**
 * @param inside the addresses that no option names, where they are not those of this machine
 * @throws SnippetError
 */
export function readSettings(
  config: Config,
  options: SnippetOptions,
  { upstream = () => UNKNOWN_UPSTREAM, gatepost = ({ listen }) => gatepostAddress(listen.http) }: Partial<Inside> = {},
): SnippetSettings {
  const applications = chosen(config.applications, options.application);
  const sites = sitesOf(config, applications, options, upstream);
  const { scheme, port } = placeOf(sites);
  const front = frontOf(scheme, options);
  return {
    sites,
    cookies: [...new Set(applications.flatMap(configsOfAddresses).map(sessionCookieName))],
    headers: ownNames(applications),
    scheme,
    front,
    port: front === 'balancer' ? 80 : port,
    gatepost: options.gatepost === undefined ? gatepost(config) : addressOf('--gatepost', options.gatepost),
    gatepostPort: gatepostAddress(config.listen.http).port,
    balancer: options.behind?.split(/[\s,]+/).filter((network) => network !== '') ?? [],
    certificate: options.certificate,
    key: options.key,
    head: (hostname) => [
      `Written by gatepost snippet, Gatepost ${version}, for ${hostname ?? sites.map((site) => site.hostname).join(', ')}.`,
    ],
  };
}

function chosen(applications: readonly ApplicationConfig[], named: string | undefined): readonly ApplicationConfig[] {
  if (named === undefined) return applications;
  const found = applications.filter(({ slug, name }) => slug === named || name === named);
  if (found.length > 0) return found;
  throw new SnippetError(
    `no application is called ${named}; there are ${applications.map(({ slug }) => slug).join(', ')}`,
  );
}

function sitesOf(
  config: Config,
  applications: readonly ApplicationConfig[],
  { upstream }: SnippetOptions,
  defaultUpstream: (name: string) => Address,
): Site[] {
  const given = new Map(upstream.map(readUpstream));
  const names = new Set<string>();
  // A host of another application is no further host of the domain around it.
  const own = new Set(
    config.applications.flatMap(configsOfAddresses).map((one) => hostnameOf(bare(one.external_host))),
  );
  const further = [...given.keys()].filter((name) => !own.has(name));
  const hosts = applications.flatMap((application) => hostsOf(application, further));
  const unknown = [...given.keys()].find((host) => host !== '' && !hosts.some((one) => hostnameOf(one.host) === host));
  if (unknown !== undefined)
    throw new SnippetError(`--upstream names ${unknown}, which is no host of ${list(applications)}`);
  if (given.has('') && hosts.length > 1)
    throw new SnippetError(
      `--upstream needs a host before the address (${hosts[0]?.host}=127.0.0.1:8080): there are ${hosts.length}`,
    );
  return hosts.map(({ application, host, isFirst }) => {
    const hostname = hostnameOf(host);
    const name = uniqueName(isFirst ? application.slug : hostname, names);
    return {
      application,
      name,
      host,
      hostname,
      isWildcard: hostname.startsWith('*.'),
      upstream: given.get(hostname) ?? given.get('') ?? defaultUpstream(name),
    };
  });
}

const list = (applications: readonly ApplicationConfig[]) => applications.map(({ slug }) => slug).join(', ');

interface Host {
  application: ApplicationConfig;
  host: string;
  isFirst: boolean;
}

const bare = (externalHost: string) => externalHost.replace(/^https?:\/\//, '');

/**
 * `external_host` and `hosts`. Of a `forward_domain` application the configuration knows no others, and `--upstream` names
 * them.
 */
function hostsOf(application: ApplicationConfig, named: readonly string[]): Host[] {
  const hosts = configsOfAddresses(application).map((one, at) => ({
    application: one,
    host: bare(one.external_host),
    isFirst: at === 0,
  }));
  const { mode, cookie_domain: domain, external_host } = application;
  if (mode !== 'forward_domain' || domain === undefined) return hosts;
  const port = bare(external_host).slice(hostnameOf(bare(external_host)).length);
  const further = named.filter((host) => isUnderDomain(host, domain));
  return [...hosts, ...further.map((host) => ({ application, host: host + port, isFirst: false }))];
}

function readUpstream(typed: string): [host: string, address: Address] {
  const at = typed.indexOf('=');
  return [typed.slice(0, Math.max(at, 0)).toLowerCase(), addressOf('--upstream', typed.slice(at + 1))];
}

function addressOf(option: string, typed: string): Address {
  const address = parseAddress(typed);
  if (!address)
    throw new SnippetError(`${option} must be an address such as 127.0.0.1:8080; got ${JSON.stringify(typed)}`);
  return address;
}

/** A name that is none of the shipped files' own. */
function uniqueName(wanted: string, taken: Set<string>): string {
  const plain =
    wanted
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'site';
  const isOwn = /^(?:gatepost.*|traefik|web|sites?|one|two)$/.test(plain);
  let name = isOwn ? `app-${plain}` : plain;
  for (let count = 2; taken.has(name); count++) name = `${plain}-${count}`;
  taken.add(name);
  return name;
}

function placeOf(sites: readonly Site[]): { scheme: 'http' | 'https'; port: number } {
  const places = sites.map(({ application, host, hostname }) => {
    const scheme = isHttps(application) ? ('https' as const) : ('http' as const);
    return { scheme, port: Number(host.slice(hostname.length + 1)) || (scheme === 'https' ? 443 : 80) };
  });
  const [first = { scheme: 'http' as const, port: 80 }] = places;
  if (places.every(({ scheme, port }) => scheme === first.scheme && port === first.port)) return first;
  throw new SnippetError(
    `the applications have different ports or schemes: name one of ${list(sites.map(({ application }) => application))}`,
  );
}

function frontOf(scheme: 'http' | 'https', { behind }: SnippetOptions): Front {
  if (behind === undefined) return scheme === 'https' ? 'tls' : 'plain';
  if (scheme === 'http') throw new SnippetError('--behind is for external_host: https://…, which a load balancer ends');
  if (!/^[0-9a-f.:/]+(?:[\s,]+[0-9a-f.:/]+)*$/i.test(behind))
    throw new SnippetError('--behind must be networks such as 10.0.0.0/8');
  return 'balancer';
}
