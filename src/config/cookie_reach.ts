/** Which cookies of the operator's own names browsers send to an address: its own, and those of its neighbours. Pure. */
import { hostnameOf, parentOf, wildcardParent } from '../http/host.ts';
import { hostOf } from '../http/url.ts';
import { cookieScope, sessionCookieName } from './cookie_name.ts';
import { configsOfAddresses } from './hosts.ts';
import type { ApplicationConfig } from './schema/config.ts';

/** @returns the names, for an application as it is at one of its addresses; the same list where it is empty */
export type CookieReach = (application: ApplicationConfig) => readonly string[];

const NONE: readonly string[] = [];

/**
 * authentik's names are known by how they begin, wherever they come from. A name of the operator's own may be that of an
 * application's own cookie elsewhere, so it counts only where browsers send ours.
 */
export function createCookieReach(applications: readonly ApplicationConfig[]): CookieReach {
  /** By host name, by the name behind `*.`, and by domain. */
  const byHost = new Map<string, Set<string>>();
  const byWildcard = new Map<string, Set<string>>();
  const byDomain = new Map<string, Set<string>>();
  for (const application of applications) {
    if (application.cookie.name === undefined) continue;
    for (const config of configsOfAddresses(application)) {
      const name = sessionCookieName(config);
      const { domain } = cookieScope(config);
      const parent = wildcardParent(config.external_host);
      if (domain !== undefined) add(byDomain, domain, name);
      else if (parent !== undefined) add(byWildcard, hostnameOf(hostOf(parent)), name);
      else add(byHost, hostnameOf(hostOf(config.external_host)), name);
    }
  }
  if (byHost.size + byWildcard.size + byDomain.size === 0) return () => NONE;
  return (application) => {
    const { domain } = cookieScope(application);
    const hostname = domain ?? hostnameOf(hostOf(application.external_host));
    const found = [byHost.get(hostname), byWildcard.get(parentOf(hostname))];
    for (let rest = hostname; rest !== ''; rest = parentOf(rest)) found.push(byDomain.get(rest));
    const names = new Set(found.flatMap((some) => [...(some ?? [])]));
    return names.size === 0 ? NONE : [...names];
  };
}

function add(names: Map<string, Set<string>>, key: string, name: string): void {
  const known = names.get(key);
  if (known) known.add(name);
  else names.set(key, new Set([name]));
}
