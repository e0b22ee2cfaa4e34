/** Which application a host belongs to. Looked up in maps: ten thousand applications cost what one costs. */
import { hostnameOf } from '../http/host.ts';

/** What `Hosts` needs to know of an application. */
export interface IndexedApplication {
  external_host: string;
  mode: 'forward_single' | 'forward_domain';
  cookie_domain?: string | undefined;
}

export interface ApplicationIndex<T extends IndexedApplication> {
  /** The application of a forwarded URL's host, as `normaliseHost` gives it: exact, else the longest cookie domain. */
  find(host: string): T | undefined;
  /**
   * For browser endpoints: as `find`, but a missing or foreign port does not matter where the name alone says which one
   * is meant.
   */
  findByHostname(host: string): T | undefined;
}

export function createApplicationIndex<T extends IndexedApplication>(applications: readonly T[]): ApplicationIndex<T> {
  const exact = new Map<string, T>();
  const byName = new Map<string, T | undefined>();
  const domains = new Map<string, T>();
  for (const application of applications) {
    const url = new URL(application.external_host);
    exact.set(url.host, application);
    byName.set(hostnameOf(url.host), byName.has(hostnameOf(url.host)) ? undefined : application);
    if (application.mode === 'forward_domain' && application.cookie_domain) {
      domains.set(application.cookie_domain, application);
    }
  }
  const underDomain = (host: string): T | undefined => {
    let name = hostnameOf(host);
    while (name !== '') {
      const application = domains.get(name);
      if (application) return application;
      const dot = name.indexOf('.');
      name = dot < 0 ? '' : name.slice(dot + 1);
    }
    return undefined;
  };
  const find = (host: string) => exact.get(host) ?? underDomain(host);
  return { find, findByHostname: (host) => exact.get(host) ?? byName.get(hostnameOf(host)) ?? underDomain(host) };
}
