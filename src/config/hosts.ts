/** The addresses of an application: `external_host` and `hosts`. */
import type { ApplicationConfig } from './schema/config.ts';

/**
 * An application as it is at one of its `hosts`: an address with a redirect URI and a cookie of its own, also beside a
 * domain that has one cookie for all its hosts. Everything else is the same, sessions too.
 */
export function configAt<T extends Partial<ApplicationConfig>>(application: T, externalHost: string) {
  return { ...application, external_host: externalHost, mode: 'forward_single' as const, cookie_domain: undefined };
}

/** The application at `external_host`, then at each of `hosts`. A wildcard stays as it was written. */
export function configsOfAddresses(application: ApplicationConfig): readonly ApplicationConfig[] {
  return [application, ...application.hosts.map((address) => configAt(application, address))];
}
