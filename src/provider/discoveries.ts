/** The discoveries of all applications: those that depend on the same keys share one, and one set of connections. */
import { createDiscovery, type Discovery, type DiscoveryOptions } from './discovery.ts';
import { type DiscoveryKeys, discoveryKey } from './issuers.ts';
import { createOutbound, type OutboundFetch } from './outbound.ts';

/** Sends no request by itself. */
export function createDiscoveries(options: Omit<DiscoveryOptions, 'application' | 'fetch'>) {
  const discoveries = new Map<string, Discovery>();
  const outbounds = new Map<string | undefined, OutboundFetch>();
  const outboundOf = (authorityFile: string | undefined): OutboundFetch => {
    const outbound = outbounds.get(authorityFile) ?? createOutbound({ authorityFile });
    outbounds.set(authorityFile, outbound);
    return outbound;
  };
  return (application: DiscoveryKeys): Discovery => {
    const key = discoveryKey(application);
    const fetch = outboundOf(application.issuer_ca_file);
    const discovery = discoveries.get(key) ?? createDiscovery({ ...options, application, fetch });
    discoveries.set(key, discovery);
    return discovery;
  };
}
