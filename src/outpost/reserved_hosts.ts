/**
 * Hosts and domains of providers that are not served, read as far as they can be.
 * Attack: the users of such a provider may be others than those of a domain around its host, which would answer there.
 * Pure.
 */
import type { ReservedHosts } from '../config/managed.ts';
import { hostnameOf, normalizeHost } from '../http/host.ts';
import { isNonEmptyString } from '../json.ts';
import type { Placing } from './placing.ts';
import type { RawProvider } from './types.ts';

export interface Reservations {
  /** @param why for everybody who asks for the host */
  reserve(provider: RawProvider, why?: string): void;
  /** Those that no other application has by now, in one order. */
  list(placing: Placing): ReservedHosts;
}

export function createReservations(): Reservations {
  const hosts = new Map<string, string | undefined>();
  const domains = new Set<string>();
  return {
    reserve({ external_host, mode, cookie_domain }, why) {
      const host = hostIn(external_host);
      // Of two for one host, the one that says why.
      if (host !== undefined) hosts.set(host, hosts.get(host) ?? why);
      const isForOneHost = mode === 'forward_single' || mode === 'proxy';
      const domain = isForOneHost ? undefined : domainIn(cookie_domain);
      if (domain !== undefined) domains.add(domain);
    },
    list: (placing) => ({
      hosts: [...hosts]
        .filter(([host]) => !placing.hasHost(host))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([host, why]) => (why === undefined ? { host } : { host, why })),
      domains: [...domains].filter((domain) => !placing.hasDomain(domain)).sort(),
    }),
  };
}

/** With a path, a password, another scheme or none at all, the host is the host. */
function hostIn(address: unknown): string | undefined {
  if (!isNonEmptyString(address)) return undefined;
  const rest = address.trim().replace(/^(?:[a-z][a-z0-9+.-]*:)?[\\/]+/i, '');
  const url = `https://${rest}`;
  return URL.canParse(url) ? normalizeHost(new URL(url).host) : undefined;
}

function domainIn(domain: unknown): string | undefined {
  const name = isNonEmptyString(domain) ? domain.trim().replace(/^(?:[a-z]+:\/\/)?(?:\*?\.)*/i, '') : undefined;
  const host = hostIn(name);
  return host === undefined ? undefined : hostnameOf(host);
}
