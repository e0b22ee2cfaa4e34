/** The discoveries of all applications: those that depend on the same keys share one, and one set of connections. */
import { createSharing } from '../sharing.ts';
import { createDiscovery, type Discovery, type DiscoveryOptions } from './discovery.ts';
import { type DiscoveryKeys, discoveryKey } from './issuers.ts';
import { createOutbound, type Outbound } from './outbound.ts';

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

const authorityKey = ({ issuer_ca_file }: DiscoveryKeys) => issuer_ca_file ?? '';

/** One for the process. */
export function shareDiscoveries(options: Options): SharedDiscoveries {
  const outbounds = new Set<Outbound>();
  const shareOutbounds = createSharing<Outbound>((outbound) => {
    outbounds.delete(outbound);
    outbound.reset();
  });
  const shareAll = createSharing<Discovery>((discovery) => discovery.stop());

  function makeOutbound(authorityFile: string | undefined): Outbound {
    const outbound = createOutbound({ authorityFile });
    outbounds.add(outbound);
    return outbound;
  }

  return {
    for(applications) {
      const ownOutbounds = shareOutbounds();
      const own = shareAll();
      for (const application of applications) {
        ownOutbounds.join(authorityKey(application));
        own.join(discoveryKey(application));
      }
      return {
        of(application) {
          const { issuer_ca_file: file } = application;
          const fetch = ownOutbounds.get(authorityKey(application), () => makeOutbound(file));
          return own.get(discoveryKey(application), () => createDiscovery({ ...options, application, fetch }));
        },
        release() {
          own.release();
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
