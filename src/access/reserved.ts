/**
 * Hosts of applications that are not served. Attack: the users of one that is left out may be others than those of the
 * domain or wildcard around its host, which would answer there. Pure.
 */
import type { ReservedHosts } from '../config/managed.ts';
import { hostnameOf, parentOf } from '../http/host.ts';

/** Names are hosts without a port: a proxy serves a site by its name. */
export interface Reserved {
  /** Whether the name is that of a reserved host. */
  has(name: string): boolean;
  /**
   * Whether a name is kept from what answers for all names of `scope`, a domain. Within the scope of a reserved domain
   * what has a narrower one answers.
   */
  isKeptFrom(name: string, scope: string): boolean;
  /** The reason for the operator, of a host that is reserved itself. */
  whyOf(host: string): string | undefined;
}

export const NOTHING_RESERVED: Reserved = { has: () => false, isKeptFrom: () => false, whyOf: () => undefined };

export function createReserved(given: ReservedHosts | undefined): Reserved {
  if (given === undefined || given.hosts.length + given.domains.length === 0) return NOTHING_RESERVED;
  const whyOfHosts = new Map(given.hosts.map(({ host, why }) => [host, why]));
  const names = new Set(given.hosts.map(({ host }) => hostnameOf(host)));
  const domains = new Set(given.domains);
  const isUnder = (name: string, scope: string): boolean => {
    for (let rest = name; rest !== '' && rest.length >= scope.length; rest = parentOf(rest)) {
      if (domains.has(rest)) return true;
    }
    return false;
  };
  return {
    has: (name) => names.has(name),
    isKeptFrom: (name, scope) => names.has(name) || isUnder(name, scope),
    whyOf: (host) => whyOfHosts.get(host),
  };
}
