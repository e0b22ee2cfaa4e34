/** `trusted_proxies`: who may ask, and whose word about a client's address counts. */

/** The default: a proxy on the same machine or in a private network may ask. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

/** The default in outpost mode: authentik's outpost trusts link-local addresses, too. */
export const OUTPOST_NETWORKS: readonly string[] = [...PRIVATE_NETWORKS, 'fe80::/10'];

/** What authentik's own outpost trusts where nobody says otherwise; some environments spell it out. */
const AUTHENTIK_NETWORKS = OUTPOST_NETWORKS.filter((network) => network !== 'fc00::/7');

/**
 * The proxies that an operator has listed; none where the list is a default.
 * Attack: the default holds every home network, and clients live there too: one that writes another address into
 * `X-Forwarded-For` and stands in the list itself would be taken for a proxy, and the address for the client's.
 */
export function listedProxies(trustedProxies: readonly string[]): readonly string[] {
  const isDefault = [PRIVATE_NETWORKS, OUTPOST_NETWORKS, AUTHENTIK_NETWORKS].some(
    (networks) =>
      trustedProxies.length === networks.length && networks.every((network) => trustedProxies.includes(network)),
  );
  return isDefault ? [] : trustedProxies;
}
