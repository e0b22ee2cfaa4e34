/**
 * Hosts of applications that are not served. Attack: the users of one that is left out may be others than those of the
 * domain or wildcard around its host, which would answer there. Pure.
 */
import type { ReservedHosts } from '../config/managed.ts';
import { hostnameOf, isUnderDomain } from '../http/host.ts';

export interface Reserved {
  /**
   * Whether a name is kept from what answers for all names of `scope`, a domain. Within the scope of a reserved domain
   * what has a narrower one answers.
   */
  isKeptFrom(name: string, scope: string): boolean;
  /** The reason for the operator, of a host that is reserved itself. */
  whyOf(host: string): string | undefined;
}

export const NOTHING_RESERVED: Reserved = { isKeptFrom: () => false, whyOf: () => undefined };

export function createReserved(given: ReservedHosts | undefined): Reserved {
  if (given === undefined || given.hosts.length + given.domains.length === 0) return NOTHING_RESERVED;
  const whyOfHosts = new Map(given.hosts.map(({ host, why }) => [host, why]));
  // Whatever its port: a proxy serves a site by its name.
  const names = new Set(given.hosts.map(({ host }) => hostnameOf(host)));
  const { domains } = given;
  return {
    isKeptFrom: (name, scope) =>
      names.has(name) || domains.some((domain) => domain.length >= scope.length && isUnderDomain(name, domain)),
    whyOf: (host) => whyOfHosts.get(host),
  };
}
