/** Which provider has a host, and which hosts are nobody's because their provider is not served. Pure. */
import type { ReservedHosts } from '../config/managed.ts';
import { application } from '../config/schema/application.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { JITLESS } from '../config/schema/scalars.ts';
import { hostOf } from '../http/url.ts';
import { isNonEmptyString } from '../json.ts';
import { Refusal } from './refusal.ts';
import type { RawProvider } from './types.ts';

const { external_host: externalHost, cookie_domain: cookieDomain } = application.shape;

/** @param own the applications of the file, which come first */
export function createPlacing(own: readonly ApplicationConfig[]) {
  const hosts = new Map<string, string>();
  const slugs = new Map<string, string>();
  const domains = new Map<string, string>();
  const reservedHosts = new Map<string, string>();
  const reservedDomains = new Set<string>();
  for (const one of own) add(one, 'an application of the configuration file');

  function add({ external_host, hosts: further, slug, mode, cookie_domain }: ApplicationConfig, who: string): void {
    for (const address of [external_host, ...further]) hosts.set(hostOf(address), who);
    slugs.set(slug.toLowerCase(), who);
    if (mode === 'forward_domain' && cookie_domain) domains.set(cookie_domain, who);
  }

  return {
    /** @throws Refusal where another one has its host, slug or domain */
    place(config: ApplicationConfig): void {
      const { external_host, slug, mode, cookie_domain = '', managed } = config;
      const host = hosts.get(hostOf(external_host));
      if (host !== undefined) throw new Refusal('external_host', `is that of ${host}, which is served in its place`);
      // Attack: sessions are bound to a slug: with two of one name, a login at one would open the other.
      const namesake = slugs.get(slug.toLowerCase());
      if (namesake !== undefined) throw new Refusal('assigned_application_slug', `is that of ${namesake}`);
      const domain = mode === 'forward_domain' ? domains.get(cookie_domain) : undefined;
      if (domain !== undefined)
        throw new Refusal('cookie_domain', `is that of ${domain}, which is served in its place`);
      add(config, `the provider ${config.name} (${managed?.pk ?? '?'})`);
    },
    /**
     * Attack: the users of a provider that is not served may be others than those of a domain around its host, which
     * would answer there.
     */
    reserve({ external_host, mode, cookie_domain }: RawProvider, why: string): void {
      const address = isNonEmptyString(external_host)
        ? externalHost.safeParse(bare(external_host), JITLESS).data
        : undefined;
      if (address) reservedHosts.set(hostOf(address), why);
      const domain =
        mode === 'forward_domain' && isNonEmptyString(cookie_domain)
          ? cookieDomain.safeParse(cookie_domain, JITLESS).data
          : undefined;
      if (domain) reservedDomains.add(domain);
    },
    reserved: (): ReservedHosts => ({
      hosts: [...reservedHosts]
        .filter(([host]) => !hosts.has(host))
        .map(([host, why]) => ({ host, why }))
        .sort((one, other) => (one.host < other.host ? -1 : 1)),
      domains: [...reservedDomains].filter((domain) => !domains.has(domain)).sort(),
    }),
  };
}

/** An address with a path or a password is refused; its host is its host all the same. */
function bare(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url && url.host !== '' ? `${url.protocol === 'http:' ? 'http:' : 'https:'}//${url.host}` : address;
}
