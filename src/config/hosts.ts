/** The addresses of an application: `external_host` and `hosts`. */
import type { ApplicationConfig } from './schema/config.ts';

/**
 * The configuration of an application as it is at one of its `hosts`: an address with a redirect URI and a cookie of its
 * own, also beside a domain that has one cookie for all its hosts. Everything else is the same, sessions too.
 */
export function configAt(application: ApplicationConfig, externalHost: string): ApplicationConfig {
  return { ...application, external_host: externalHost, mode: 'forward_single', cookie_domain: undefined };
}

/** `external_host`, then `hosts`: each as a configuration of its own. A wildcard stays as it was written. */
export function configsOfAddresses(application: ApplicationConfig): readonly ApplicationConfig[] {
  return [application, ...application.hosts.map((address) => configAt(application, address))];
}
