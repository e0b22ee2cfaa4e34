/** Host names and ports in the form in which they are compared. Pure. */

const HOST_SYNTAX = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/**
 * A DNS name (RFC 1035, section 2.3.4), its last dot, a port. Attack: `a.a.a…`, looked up under each of 8,000 dots: 0.1
 * s.
 */
const MAX_HOST_CHARS = 260;

/**
 * A host in the form in which hosts are compared: lower case, without one trailing dot, without the scheme's default
 * port.
 * @returns `undefined` for text that is not one host with an optional port (userinfo, a list, spaces, a path)
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

/** The host without the default port of either scheme, for a proxy that does not say which scheme it means. */
export function withoutDefaultPort(host: string): string {
  return host.replace(/:(?:80|443)$/, '');
}

/** Whether a host name is the domain or ends with it after a dot: `evilexample.com` is not under `example.com`. */
export function isUnderDomain(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

/**
 * Whether a host name (as `URL.hostname` has it) is this machine (RFC 6761, section 6.3): plain http does not leave it.
 */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])\.?$/i.test(hostname);
}
