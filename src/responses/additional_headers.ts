/** `ak_proxy.user_attributes.additionalHeaders`: headers that the provider's administrator adds for a user. */
import { changesOnTheWay } from '../characters.ts';
import { isToken } from '../http/headers.ts';
import { isObject } from '../json.ts';

/**
 * Hop-by-hop headers (RFC 9110, section 7.6.1), those that frame the message, those that the response itself needs, and
 * those that say whose request it is and where it came from. `Proxy` is `HTTP_PROXY` to CGI (httpoxy, CVE-2016-5385).
 */
const RESERVED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'set-cookie',
  'cache-control',
  'content-type',
  'content-encoding',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'location',
  'proxy',
  'x-real-ip',
]);

/** Beginnings of names: what proxies say of a request or obey in a response, and Gatepost's own. */
const RESERVED_PREFIXES = ['x-accel-', 'x-authentik-', 'x-envoy-', 'x-forwarded-', 'x-gatepost-', 'x-original-'];

/**
 * Names and values to add. A name that is no token or that would change the message, the identity or the response
 * is left out and reported, and so is a value that would arrive as another one. `X_authentik_username` and
 * `X.authentik.username` count as `X-authentik-username`: to CGI and WSGI they are the same.
 */
export function additionalHeaders(
  attributes: Record<string, unknown>,
  onRefused: (name: string) => void,
): [string, string][] {
  const added = attributes.additionalHeaders;
  if (!isObject(added)) return [];
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(added)) {
    if (isAllowed(name) && isValue(value)) headers.push([name, String(value)]);
    else onRefused(name);
  }
  return headers;
}

function isValue(value: unknown): boolean {
  if (typeof value === 'string') return !changesOnTheWay(value);
  return typeof value === 'number' || typeof value === 'boolean';
}

function isAllowed(name: string): boolean {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
  return isToken(name) && !RESERVED.has(folded) && !RESERVED_PREFIXES.some((prefix) => folded.startsWith(prefix));
}
