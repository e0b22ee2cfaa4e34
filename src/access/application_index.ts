/** Which application a host belongs to. Looked up in maps: ten thousand applications cost what one costs. */
import { hostnameOf } from '../http/host.ts';
import { hostOf } from '../http/url.ts';

/** What the index needs to know of an application. */
export interface IndexedApplication {
  external_host: string;
  mode: 'forward_single' | 'forward_domain';
  cookie_domain?: string | undefined;
}

/** Hosts are in the form that `parseHost` gives. */
export interface ApplicationIndex<T extends IndexedApplication> {
  /** The application of a forwarded URL's host: exact, else the longest cookie domain. */
  find(host: string): T | undefined;
  /**
   * For browser endpoints: as `find`, but a missing port does not matter where the name alone says which one is meant.
   */
  findByHostname(host: string): T | undefined;
  /** The addresses (`external_host`) that have the name of this host, whatever its port. */
  addressesOf(host: string): readonly string[];
  /** Whether the two hosts name two known applications, whatever the port of the first. */
  areDifferent(host: string, urlHost: string): boolean;
}

const NONE: readonly never[] = [];

export function createApplicationIndex<T extends IndexedApplication>(applications: readonly T[]): ApplicationIndex<T> {
  const exact = new Map<string, T>();
  const byName = new Map<string, T[]>();
  const domains = new Map<string, T>();
  for (const application of applications) {
    const host = hostOf(application.external_host);
    exact.set(host, application);
    const named = byName.get(hostnameOf(host));
    if (named) named.push(application);
    else byName.set(hostnameOf(host), [application]);
    if (application.mode === 'forward_domain' && application.cookie_domain) {
      domains.set(application.cookie_domain, application);
    }
  }
  const underDomain = (name: string): T | undefined => {
    for (let rest = name; rest !== ''; ) {
      const application = domains.get(rest);
      if (application) return application;
      const dot = rest.indexOf('.');
      rest = dot < 0 ? '' : rest.slice(dot + 1);
    }
    return undefined;
  };
  /** The applications whose own name the host has; none: it is a name under a domain, or nobody's. */
  const ownersOf = (host: string): readonly T[] => byName.get(hostnameOf(host)) ?? NONE;
  const find = (host: string): T | undefined => {
    const found = exact.get(host);
    if (found) return found;
    const application = underDomain(hostnameOf(host));
    const owners = ownersOf(host);
    if (owners.length === 0) return application;
    // Attack: `admin.example.com:81`. A proxy serves the site by its name, whatever the port; the rules of the domain
    // around it, which may let anybody in, must not decide about it, even where it has the same name on another port.
    return owners.every((owner) => owner === application && owner.mode === 'forward_domain') ? application : undefined;
  };
  return {
    find,
    findByHostname(host) {
      const owners = hostnameOf(host) === host ? ownersOf(host) : NONE;
      return find(host) ?? (owners.length === 1 ? owners[0] : undefined);
    },
    addressesOf: (host) => ownersOf(host).map(({ external_host }) => external_host),
    areDifferent(host, urlHost) {
      const application = find(urlHost);
      if (!application) return false;
      const found = find(host);
      if (found) return found !== application;
      const owners = ownersOf(host);
      return owners.length > 0 && !owners.includes(application);
    },
  };
}
