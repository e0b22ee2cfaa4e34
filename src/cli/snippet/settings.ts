/** What a proxy's files are filled in with: the sites of the configuration, and what only the operator knows. */
import { configsOfAddresses } from '../../config/hosts.ts';
import type { ApplicationConfig, Config } from '../../config/schema/config.ts';
import { isHttps } from '../../endpoints.ts';
import { sessionCookieName } from '../../sessions/session_cookie.ts';
import { version } from '../../version.ts';
import { type Address, gatepostAddress } from './addresses.ts';
import { namesOf } from './identity_headers.ts';
import { addressOf, list, type Site, SnippetError, sitesOf } from './sites.ts';
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

export interface SnippetSettings {
  sites: Site[];
  /** The names of their session cookies. */
  cookies: string[];
  /** The names of `identity_headers`, of all applications. */
  identityHeaders: string[];
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
  const sites = sitesOf(config, applications, options.upstream, upstream);
  const { scheme, port } = placeOf(sites);
  const front = frontOf(scheme, options);
  return {
    sites,
    cookies: [...new Set(applications.flatMap(configsOfAddresses).map(sessionCookieName))],
    identityHeaders: namesOf(applications),
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
