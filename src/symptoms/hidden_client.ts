/** All visitors seem to have one private address, or none: rules with `networks` do not see who asks. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { PRIVATE_NETWORKS } from '../config/trusted_proxies.ts';
import { compileNetworks } from '../http/ip.ts';
import { displayName } from '../identity.ts';
import type { Look, Say } from './symptom.ts';

/** Requests with a session and without an address. */
const MIN_UNKNOWN = 20;
/** People who share an address: one or two may be in one household. */
const MIN_USERS = 3;

const PRIVATE = compileNetworks(PRIVATE_NETWORKS);

export function lookForHiddenClients(say: Say, { slug, access }: ApplicationConfig): Look {
  let settled = access.every(({ networks }) => networks === undefined);
  let unknown = 0;
  let only: string | undefined;
  const users = new Set<string>();

  function settle(sentence: string): void {
    settled = true;
    users.clear();
    say('proxy.client_hidden', slug, () => `${sentence}: rules with networks do not see the clients. ${REMEDY}`);
  }

  return ({ clientAddress }, login) => {
    if (settled) return;
    if (clientAddress !== undefined) {
      only ??= clientAddress;
      // Where one client has an address of its own, all have.
      settled = clientAddress !== only || !PRIVATE.contains(clientAddress);
    }
    if (settled || login === undefined) return;
    if (clientAddress === undefined) unknown += 1;
    else users.add(displayName(login));
    if (only === undefined && unknown >= MIN_UNKNOWN)
      settle('no auth request names an address of the client that can be read (X-Forwarded-For)');
    else if (users.size >= MIN_USERS && only !== undefined)
      settle(
        `${users.size} users came, all of them from ${only}, which may be a proxy or the gateway of a container network`,
      );
  };
}

const REMEDY =
  'The proxy that asks has to write the address into X-Forwarded-For, and a further proxy before it belongs into trusted_proxies';
