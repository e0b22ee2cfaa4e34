/** The discoveries of all applications: those that depend on the same keys share one, and one set of connections. */
import { createSharing } from '../sharing.ts';
import { createDiscovery, type Discovery, type DiscoveryOptions } from './discovery.ts';
import { type DiscoveryKeys, discoveryKey } from './issuers.ts';
import { createKeySet, type KeySet } from './key_set.ts';
import { createManagedDiscovery } from './managed_discovery.ts';
import { createManagedOutbound } from './managed_outbound.ts';
import { observeFetch } from './observed_call.ts';
import { createOutbound, type Outbound, type OutboundFetch } from './outbound.ts';

type Options = Omit<DiscoveryOptions, 'application' | 'fetch'>;

/** The discoveries of the applications of one snapshot. */
export interface Discoveries {
  of(application: DiscoveryKeys): Discovery;
  /** Those that no other snapshot has look for their provider no more. */
  release(): void;
}

export interface SharedDiscoveries {
  /** Takes over what earlier snapshots know. Sends no request by itself. */
  for(applications: readonly DiscoveryKeys[]): Discoveries;
  /** Reads the files of private authorities again for the next requests. */
  renewAuthorities(): void;
}

/** What makes one set of connections serve two applications. */
const outboundKey = ({ managed, issuer_ca_file }: DiscoveryKeys) =>
  managed === undefined ? (issuer_ca_file ?? '') : JSON.stringify(managed.access);

function makeOutbound({ managed, issuer_ca_file: authorityFile }: DiscoveryKeys): Outbound {
  return managed === undefined ? createOutbound({ authorityFile }) : createManagedOutbound(managed.access);
}

/** A managed provider whose other metadata change keeps its keys. */
const keySetKey = ({ managed, issuer }: DiscoveryKeys) =>
  JSON.stringify([issuer, managed?.metadata.jwks_uri, managed?.access]);

/** One for the process. */
export function shareDiscoveries(options: Options): SharedDiscoveries {
  const outbounds = new Set<Outbound>();
  const shareOutbounds = createSharing<Outbound>((outbound) => {
    outbounds.delete(outbound);
    outbound.reset();
  });
  const shareAll = createSharing<Discovery>((discovery) => discovery.stop());
  const shareKeySets = createSharing<KeySet>();

  function registerOutbound(application: DiscoveryKeys): Outbound {
    const outbound = makeOutbound(application);
    outbounds.add(outbound);
    return outbound;
  }

  function makeKeySet(jwksUri: string, issuer: string, fetch: OutboundFetch): KeySet {
    const { elapsed, events } = options;
    return createKeySet(jwksUri, elapsed, observeFetch({ events, issuer, call: 'keys' }, fetch));
  }

  return {
    for(applications) {
      const ownOutbounds = shareOutbounds();
      const ownKeySets = shareKeySets();
      const own = shareAll();
      for (const application of applications) {
        ownOutbounds.join(outboundKey(application));
        if (application.managed) ownKeySets.join(keySetKey(application));
        own.join(discoveryKey(application));
      }

      function makeDiscovery(application: DiscoveryKeys, fetch: OutboundFetch): Discovery {
        const { managed, issuer } = application;
        if (managed === undefined) return createDiscovery({ ...options, application, fetch });
        const makeKeys = () => makeKeySet(managed.metadata.jwks_uri, issuer, fetch);
        return createManagedDiscovery(managed, ownKeySets.get(keySetKey(application), makeKeys), fetch);
      }
      return {
        of(application) {
          const fetch = ownOutbounds.get(outboundKey(application), () => registerOutbound(application));
          return own.get(discoveryKey(application), () => makeDiscovery(application, fetch));
        },
        release() {
          own.release();
          ownKeySets.release();
          ownOutbounds.release();
        },
      };
    },
    renewAuthorities() {
      for (const outbound of outbounds) outbound.reset();
    },
  };
}

/** For a program with one configuration. Sends no request by itself. */
export function createDiscoveries(options: Options): (application: DiscoveryKeys) => Discovery {
  return shareDiscoveries(options).for([]).of;
}
