/** Host names and ports in the form in which they are compared. Pure. */
import { memoizeText } from '../lru.ts';

const HOST_SYNTAX = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::[1-9]\d{0,4})?$/;

/**
 * A DNS name (RFC 1035, section 2.3.4), its last dot, a port. Attack: `a.a.a…`, looked up under each of 8,000 dots: 0.1
 * s.
 */
const MAX_HOST_CHARS = 260;
/** Attack: a longer name, which no longer is one with the port of a wildcard behind it, made an internal error. */
const MAX_NAME_CHARS = 253;
const MAX_PORT = 65_535;
/** Few hosts come often. */
const normalizeOnce = memoizeText(1000, normalize);

/**
 * A host in the form in which hosts are compared: lower case, without one trailing dot. The ports 80 and 443 count as
 * none, whatever the scheme: a proxy that does not end TLS itself knows no better scheme than `http`.
 * Attack: `app.example.com:443` over http, `:0080` or `:` name the same site to a proxy, and another application, or
 * none, to whom reads the port as text.
 * @returns `undefined` for text that is not one host with an optional port (userinfo, a list, spaces, a path, a port
 *   that is empty, too high or begins with 0)
 */
export function normalizeHost(text: string): string | undefined {
  return text.length > MAX_HOST_CHARS ? undefined : normalizeOnce(text);
}

function normalize(text: string): string | undefined {
  let host = text.toLowerCase();
  if (host.includes('.:')) host = host.replace('.:', ':');
  else if (host.endsWith('.') && !host.includes(':')) host = host.slice(0, -1);
  if (!HOST_SYNTAX.test(host) || host.includes('..')) return undefined;
  if (hostnameOf(host).length > MAX_NAME_CHARS) return undefined;
  const colon = host.lastIndexOf(':');
  if (colon < 0 || host.endsWith(']')) return host;
  const port = Number(host.slice(colon + 1));
  if (port === 80 || port === 443) return host.slice(0, colon);
  return port > MAX_PORT ? undefined : host;
}

/** Without its first label; empty where it has one alone. */
export function parentOf(host: string): string {
  const dot = host.indexOf('.');
  return dot < 0 ? '' : host.slice(dot + 1);
}

/** The host without its port. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}

const WILDCARD = '://*.';

/** `https://apps.example.com` of the configured address `https://*.apps.example.com`; `undefined` where it has no wildcard. */
export function wildcardParent(address: string): string | undefined {
  return address.includes(WILDCARD) ? address.replace(WILDCARD, '://') : undefined;
}

/** The address with a wildcard at one of the names that it stands for, scheme and port as they are. */
export function atHostname(address: string, name: string): string {
  return address.replace('*', () => name.slice(0, name.indexOf('.')));
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
