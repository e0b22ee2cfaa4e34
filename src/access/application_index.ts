/** Which application a host belongs to. Looked up in maps: ten thousand applications cost what one costs. */

/** What `Hosts` needs to know of an application. */
export interface IndexedApplication {
  external_host: string;
  mode: 'forward_single' | 'forward_domain';
  cookie_domain?: string | undefined;
}

export interface ApplicationIndex<T extends IndexedApplication> {
  /** The application of a forwarded URL's host, as `normaliseHost` gives it: exact, else the longest cookie domain. */
  find(host: string): T | undefined;
  /** For browser endpoints: as `find`, but a missing or foreign port does not matter where the name alone says which one is meant. */
  findByHostname(host: string): T | undefined;
}

const HOST_SYNTAX = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** A name of DNS (RFC 1035, section 2.3.4) with its last dot and a port. Attack: `a.a.a…`, looked up under each of 8,000 dots: 0.1 s. */
const MAX_HOST_CHARS = 260;

/**
 * A host in the form that hosts are compared in: lower case, without one trailing dot, without the scheme's default port.
 * `undefined` for what is no host (userinfo, a list, spaces, a path).
 */
export function normalizeHost(text: string, scheme: 'http' | 'https' | undefined): string | undefined {
  if (text.length > MAX_HOST_CHARS) return undefined;
  let host = text.toLowerCase();
  if (host.endsWith('.')) host = host.slice(0, -1);
  else if (host.includes('.:')) host = host.replace(/\.(:\d+)$/, '$1');
  if (!HOST_SYNTAX.test(host) || host.includes('..')) return undefined;
  if (scheme === 'http' && host.endsWith(':80')) return host.slice(0, -3);
  if (scheme === 'https' && host.endsWith(':443')) return host.slice(0, -4);
  return host;
}

/** The host without its port. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '');
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
