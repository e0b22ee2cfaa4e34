/** Which application a host belongs to. Looked up in maps: ten thousand applications cost what one costs. */
import { hostnameOf, parentOf } from '../http/host.ts';
import { createPlaces, type Place, type PlacedApplication } from './places.ts';
import { NOTHING_RESERVED, type Reserved } from './reserved.ts';

export type { IndexedApplication } from './places.ts';

/** Hosts are in the form that `parseHost` gives. An application that is found is that at the address of the host. */
export interface ApplicationIndex<T> {
  /** The application of a forwarded URL's host: exact, else by a wildcard, else the longest cookie domain. */
  find(host: string): T | undefined;
  /**
   * For browser endpoints: as `find`, but a missing port does not matter where the name alone says which one is meant.
   */
  findByHostname(host: string): T | undefined;
  /** The addresses that have the name of this host, whatever its port. */
  addressesOf(host: string): readonly string[];
  /** Why nobody has a host that is kept for one who is not served. */
  whyReserved(host: string): string | undefined;
  /** Whether the two hosts name two known applications, whatever the port of the first. */
  areDifferent(host: string, urlHost: string): boolean;
}

/** @param reserved hosts that no wider application has */
export function createApplicationIndex<T extends PlacedApplication<T>>(
  applications: readonly T[],
  reserved: Reserved = NOTHING_RESERVED,
): ApplicationIndex<T> {
  const places = createPlaces(applications);
  /** Those whose own name the host has, else by wildcards; none: it is a name under a domain, or nobody's. */
  const ownersOf = (host: string): readonly Place<T>[] => {
    const name = hostnameOf(host);
    const owners = places.named(name);
    return owners.length > 0 ? owners : places.namedByWildcard(name);
  };
  const findPlace = (host: string): Place<T> | undefined => {
    const exact = places.exact(host);
    if (exact) return exact;
    const name = hostnameOf(host);
    const exactOwners = places.named(name);
    // Attack: `admin.example.com:81`. A proxy serves the site by its name, whatever the port; the rules of the domain or
    // wildcard around it, which may let anybody in, must not decide about it, even where it has the same name on another
    // port.
    const wildcard = places.underWildcard(host);
    if (wildcard) {
      const isFree = areAllOf(exactOwners, wildcard.owner) && !reserved.isKeptFrom(name, parentOf(name));
      return isFree ? wildcard : undefined;
    }
    const domain = places.underDomain(name);
    if (domain && reserved.isKeptFrom(name, domain.owner.cookie_domain ?? '')) return undefined;
    const isAlone = (owner: T) => areAllOf(exactOwners, owner) && areAllOf(places.namedByWildcard(name), owner);
    return domain && isAlone(domain.owner) ? domain : undefined;
  };
  return {
    find: (host) => findPlace(host)?.application,
    findByHostname(host) {
      const found = findPlace(host)?.application;
      if (found || hostnameOf(host) !== host || reserved.has(host)) return found;
      const [first, ...others] = ownersOf(host);
      return others.every(({ owner }) => owner === first?.owner) ? first?.application : undefined;
    },
    addressesOf: (host) => ownersOf(host).map(({ address }) => address),
    whyReserved: (host) => reserved.whyOf(host),
    areDifferent(host, urlHost) {
      const place = findPlace(urlHost);
      if (!place) return false;
      const found = findPlace(host);
      if (found) return found.owner !== place.owner;
      const owners = ownersOf(host);
      if (owners.some(({ owner }) => owner === place.owner)) return false;
      // Attack: at the site of an application that is not served, a client names the URL of another one.
      return owners.length > 0 || reserved.isKeptFrom(hostnameOf(host), '');
    },
  };
}

function areAllOf<T>(places: readonly Place<T>[], owner: T): boolean {
  return places.every((place) => place.owner === owner);
}
