/** Which provider has a host: those of the file come first, and then the provider with the lower number. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { hostOf } from '../http/url.ts';
import { Refusal } from './refusal.ts';

export interface Placing {
  /**
   * Takes the places of an application.
   * @returns `false` where an application of the file has its host
   * @throws Refusal where another one has its host, slug or domain
   */
  place(config: ApplicationConfig): boolean;
  hasHost(host: string): boolean;
  hasDomain(domain: string): boolean;
}

const FILE = 'an application of the configuration file';

/** @param own the applications of the file */
export function createPlacing(own: readonly ApplicationConfig[]): Placing {
  const hosts = new Map<string, string>();
  const slugs = new Map<string, string>();
  const domains = new Map<string, string>();
  for (const one of own) add(one, FILE);

  function add({ external_host, hosts: further, slug, mode, cookie_domain }: ApplicationConfig, who: string): void {
    for (const address of [external_host, ...further]) if (!address.includes('*')) hosts.set(hostOf(address), who);
    slugs.set(slug.toLowerCase(), who);
    if (mode === 'forward_domain' && cookie_domain) domains.set(cookie_domain, who);
  }

  return {
    place(config) {
      const { name, external_host, slug, mode, cookie_domain = '', managed } = config;
      const host = hosts.get(hostOf(external_host));
      if (host === FILE) return false;
      if (host !== undefined) throw new Refusal('external_host', `is that of ${host}, which is served in its place`);
      // Attack: sessions are bound to a slug: with two of one name, a login at one would open the other.
      const namesake = slugs.get(slug.toLowerCase());
      if (namesake !== undefined) throw new Refusal('assigned_application_slug', `is that of ${namesake}`);
      const domain = mode === 'forward_domain' ? domains.get(cookie_domain) : undefined;
      if (domain !== undefined)
        throw new Refusal('cookie_domain', `is that of ${domain}, which is served in its place`);
      add(config, `the provider ${name} (${managed?.pk ?? '?'})`);
      return true;
    },
    hasHost: (host) => hosts.has(host),
    hasDomain: (domain) => domains.has(domain),
  };
}
