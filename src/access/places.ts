/** At which hosts applications are: the tables that `ApplicationIndex` looks in. */
import { atHostname, hostnameOf, parentOf, wildcardParent } from '../http/host.ts';
import { hostOf } from '../http/url.ts';
import { createLru } from '../lru.ts';

/** What the index needs to know of an application. */
export interface IndexedApplication {
  external_host: string;
  mode: 'forward_single' | 'forward_domain';
  cookie_domain?: string | undefined;
  /** Further addresses of the site: `https://www.example.org`, `https://*.apps.example.com`. */
  hosts?: readonly string[] | undefined;
}

/** An application that can say what it is at another of its addresses: all but that one is the same. */
export type PlacedApplication<T> = IndexedApplication & { at?: ((externalHost: string) => T) | undefined };

/** An application at one of its addresses. */
export interface Place<T> {
  /** As it was given: the same one for all its addresses. */
  owner: T;
  /** As it is there, with the address as its `external_host`. */
  application: T;
  address: string;
}

interface Wildcard<T> {
  owner: T;
  address: string;
}

/** Hosts and names are in the form that `parseHost` gives. */
export interface Places<T> {
  /** The one whose address has the host, to the letter. */
  exact(host: string): Place<T> | undefined;
  /** The one whose wildcard stands for the first label of the host. */
  underWildcard(host: string): Place<T> | undefined;
  /** The one with the longest cookie domain that the name equals or ends with. */
  underDomain(name: string): Place<T> | undefined;
  /** All with an address of the name, whatever its port. */
  named(name: string): readonly Place<T>[];
  /** All with a wildcard that stands for the first label of the name, whatever its port. */
  namedByWildcard(name: string): readonly Place<T>[];
}

/**
 * Hosts under wildcards that are remembered.
 * Attack: a client asks for one name after the other under a wildcard; each is made anew, and the oldest is forgotten.
 */
const MAX_WILDCARD_HOSTS = 1000;

const NONE: readonly never[] = [];

export function createPlaces<T extends PlacedApplication<T>>(applications: readonly T[]): Places<T> {
  const exact = new Map<string, Place<T>>();
  const byName = new Map<string, Place<T>[]>();
  const domains = new Map<string, Place<T>>();
  const wildcards = new Map<string, Wildcard<T>>();
  const wildcardsByName = new Map<string, Wildcard<T>[]>();
  const materialised = createLru<string, Place<T>>(MAX_WILDCARD_HOSTS);
  for (const owner of applications) {
    const { external_host, mode, cookie_domain, hosts = [] } = owner;
    addExact({ owner, application: owner, address: external_host });
    for (const address of hosts) {
      const parent = wildcardParent(address);
      if (parent === undefined) addExact({ owner, application: placedAt(owner, address), address });
      else addWildcard(hostOf(parent), { owner, address });
    }
    if (mode === 'forward_domain' && cookie_domain) {
      domains.set(cookie_domain, { owner, application: owner, address: external_host });
    }
  }
  return {
    exact: (host) => exact.get(host),
    underWildcard(host) {
      const wildcard = wildcards.size === 0 ? undefined : wildcards.get(parentOf(host));
      return wildcard && materialise(wildcard, hostnameOf(host));
    },
    underDomain(name) {
      for (let rest = name; rest !== ''; rest = parentOf(rest)) {
        const place = domains.get(rest);
        if (place) return place;
      }
      return undefined;
    },
    named: (name) => byName.get(name) ?? NONE,
    namedByWildcard: (name) =>
      wildcards.size === 0
        ? NONE
        : (wildcardsByName.get(parentOf(name))?.map((wildcard) => materialise(wildcard, name)) ?? NONE),
  };

  function addExact(place: Place<T>): void {
    const host = hostOf(place.address);
    exact.set(host, place);
    addTo(byName, hostnameOf(host), place);
  }
  function addWildcard(parent: string, wildcard: Wildcard<T>): void {
    wildcards.set(parent, wildcard);
    addTo(wildcardsByName, hostnameOf(parent), wildcard);
  }
  function materialise({ owner, address: pattern }: Wildcard<T>, name: string): Place<T> {
    const address = atHostname(pattern, name);
    const known = materialised.get(address);
    if (known) return known;
    const place = { owner, application: placedAt(owner, address), address };
    materialised.set(address, place);
    return place;
  }
}

function placedAt<T extends PlacedApplication<T>>(owner: T, address: string): T {
  return owner.at?.(address) ?? owner;
}

function addTo<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
