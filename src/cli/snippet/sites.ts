/** The sites that a proxy serves: the hosts of the configuration, and those that the operator names for a domain or wildcard. */
import { configAt, configsOfAddresses } from '../../config/hosts.ts';
import type { ApplicationConfig, Config } from '../../config/schema/config.ts';
import { atHostname, hostnameOf, isUnderDomain, wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import { type Address, parseAddress } from './addresses.ts';

/** One host that the proxy serves. */
export interface Site {
  /** As it is at this host. */
  application: ApplicationConfig;
  /** For names of the proxy's own; no two are equal. */
  name: string;
  /** With the port, where it is not that of the scheme. */
  host: string;
  hostname: string;
  upstream: Address;
}

/** Something that was typed cannot be used; the message completes `gatepost: `. */
export class SnippetError extends Error {}

export const list = (applications: readonly ApplicationConfig[]): string =>
  applications.map(({ slug }) => slug).join(', ');

/**
 * @param applications those of the configuration whose sites are meant
 * @param typed `[host=]address` of `--upstream`
 * @throws SnippetError
 */
export function sitesOf(
  config: Config,
  applications: readonly ApplicationConfig[],
  typed: readonly string[],
  defaultUpstream: (name: string) => Address,
): Site[] {
  const given = new Map(typed.map(readUpstream));
  const places = placesOf(config, applications, [...given.keys()]);
  const unknown = [...given.keys()].find(
    (name) => name !== '' && !places.some(({ host }) => hostnameOf(host) === name),
  );
  if (unknown !== undefined)
    throw new SnippetError(`--upstream names ${unknown}, which is no host of ${list(applications)}`);
  if (given.has('') && places.length > 1)
    throw new SnippetError(
      `--upstream needs a host before the address (${places[0]?.host}=127.0.0.1:8080): there are ${places.length}`,
    );
  if (places.length === 0)
    throw new SnippetError(`${list(applications)} has wildcards alone: --upstream HOST=HOST:PORT names each host`);
  const names = new Set<string>();
  return places.map(({ application, host, isFirst }) => {
    const hostname = hostnameOf(host);
    const name = uniqueName(isFirst ? application.slug : hostname, names);
    const upstream = given.get(hostname) ?? given.get('') ?? defaultUpstream(name);
    return { application, name, host, hostname, upstream };
  });
}

interface Place {
  application: ApplicationConfig;
  host: string;
  isFirst: boolean;
}

/** Each application's own hosts, then those named hosts that its wildcards and its domain stand for. */
function placesOf(config: Config, applications: readonly ApplicationConfig[], named: readonly string[]): Place[] {
  const own = new Set(config.applications.flatMap(ownAddresses).map(({ host }) => hostnameOf(host)));
  const others = named.filter((name) => name !== '' && !own.has(name));
  return applications.flatMap((application) => [
    ...ownAddresses(application),
    ...others.flatMap((name) => {
      const owner = ownerOf(config.applications, name);
      return owner?.of === application ? [{ application: owner.at, host: owner.host, isFirst: false }] : [];
    }),
  ]);
}

/** Of a wildcard nobody knows which hosts there are. */
function ownAddresses(application: ApplicationConfig): Place[] {
  return configsOfAddresses(application)
    .filter(({ external_host }) => wildcardParent(external_host) === undefined)
    .map((at, index) => ({ application: at, host: hostOf(at.external_host), isFirst: index === 0 }));
}

interface Owner {
  of: ApplicationConfig;
  at: ApplicationConfig;
  host: string;
}

/** A wildcard comes before a domain, the longest domain before others, as where a request's application is found. */
function ownerOf(applications: readonly ApplicationConfig[], name: string): Owner | undefined {
  for (const application of applications) {
    const pattern = application.hosts.find((address) => isUnderWildcard(name, address));
    if (pattern === undefined) continue;
    const at = configAt(application, atHostname(pattern, name));
    return { of: application, at, host: hostOf(at.external_host) };
  }
  const [owner] = applications
    .filter(({ mode, cookie_domain }) => mode === 'forward_domain' && isUnderDomain(name, cookie_domain ?? name))
    .sort((one, two) => (two.cookie_domain?.length ?? 0) - (one.cookie_domain?.length ?? 0));
  if (!owner) return undefined;
  const first = hostOf(owner.external_host);
  return { of: owner, at: owner, host: name + first.slice(hostnameOf(first).length) };
}

function isUnderWildcard(name: string, address: string): boolean {
  const parent = wildcardParent(address);
  return parent !== undefined && name.slice(name.indexOf('.') + 1) === hostnameOf(hostOf(parent));
}

function readUpstream(typed: string): [host: string, address: Address] {
  const at = typed.indexOf('=');
  return [typed.slice(0, Math.max(at, 0)).toLowerCase(), addressOf('--upstream', typed.slice(at + 1))];
}

/** @throws SnippetError */
export function addressOf(option: string, typed: string): Address {
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
