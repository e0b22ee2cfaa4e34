/** What authentik's API has said of a provider, in the place of discovery: known from the start, and never asked for. */
import type { ManagedProvider } from '../config/managed.ts';
import type { Discovery } from './discovery.ts';
import type { KeySet } from './key_set.ts';
import { namePublicOrigin } from './managed_outbound.ts';
import type { OutboundFetch } from './outbound.ts';

/** @param keys read when the first token needs them; never where tokens are signed with the client's secret */
export function createManagedDiscovery(
  { metadata, access }: Pick<ManagedProvider, 'metadata' | 'access'>,
  keys: KeySet,
  fetch: OutboundFetch,
): Discovery {
  const { id_token_signing_alg_values_supported: algorithms, authorization_endpoint, end_session_endpoint } = metadata;
  const found = { metadata: { ...metadata, id_token_signing_alg_values_supported: [...algorithms] }, keys };
  const addresses = [access.origin, authorization_endpoint, end_session_endpoint ?? ''];
  return {
    issuer: metadata.issuer,
    // Browsers may be sent there; what is asked, the outbound decides.
    insecure: addresses.some((address) => address.startsWith('http:')),
    fetch: namePublicOrigin(access, fetch),
    peek: () => found,
    // The next metadata come with another configuration; a key that is not known is looked for by the key set.
    refreshIfStale: () => undefined,
    metadata: async () => found,
    renew: async () => found,
    renewForLogout: async () => found,
    stop: () => undefined,
  };
}
