/**
 * The providers of all applications: made when they are first used; applications of one issuer share its discovery and
 * keys. A snapshot of the configuration takes over what those before it have learnt.
 */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { createSharing } from '../sharing.ts';
import { shareDiscoveries } from './discoveries.ts';
import { createProvider, type ProviderOptions } from './index.ts';
import { createMethodOrders, type MethodOrders } from './method_order.ts';
import type { Provider } from './provider.ts';

/** The providers of the applications of one snapshot. */
export interface Providers {
  /** The provider of an application, the same one each time. Sends no request by itself. */
  of(application: ApplicationConfig): Provider;
  /** What no other snapshot has is given up. */
  release(): void;
}

export interface SharedProviders {
  /**
   * Takes over what is known of their providers.
   * @param clientAddressToken `managed.clientAddressToken` of the configuration
   */
  for(applications: readonly ApplicationConfig[], clientAddressToken?: string): Providers;
  /** Reads the files that `issuer_ca_file` names again for the next requests. */
  renewAuthorities(): void;
}

/** What is learnt of a client's ways to authenticate is good for as long as these are the same. */
function clientKey({ issuer, client_id, client_secret, client_key, ...application }: ApplicationConfig): string {
  const { issuer_discovery_url: at, token_endpoint_auth_method: method } = application;
  return JSON.stringify([issuer, at, client_id, client_secret, client_key, method]);
}

/** One for the process. */
export function shareProviders({
  now = Date.now,
  elapsed = () => performance.now(),
  events,
}: ProviderOptions): SharedProviders {
  const discoveries = shareDiscoveries({ elapsed, events });
  const shareOrders = createSharing<MethodOrders>();

  return {
    for(applications, clientAddressToken) {
      const own = discoveries.for(applications);
      const ownOrders = shareOrders();
      for (const application of applications) ownOrders.join(clientKey(application));
      const providers = new Map<string, Provider>();
      return {
        of(application) {
          let provider = providers.get(application.slug);
          if (!provider) {
            const orders = ownOrders.get(clientKey(application), () => createMethodOrders(application));
            const options = { now, events, orders, clientAddressToken };
            provider = createProvider(application, own.of(application), options);
            providers.set(application.slug, provider);
          }
          return provider;
        },
        release() {
          own.release();
          ownOrders.release();
        },
      };
    },
    renewAuthorities: discoveries.renewAuthorities,
  };
}

/** For a program with one configuration. */
export function createProviders(options: ProviderOptions): (application: ApplicationConfig) => Provider {
  return shareProviders(options).for([]).of;
}
