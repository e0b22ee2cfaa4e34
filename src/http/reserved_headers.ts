/** Header names that neither a provider nor an operator can give to a 200: others depend on what they say. Pure. */

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

/** The name as CGI and WSGI read it: `X_authentik_username` and `X.authentik.username` are `X-authentik-username`. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Whether the name, or one that is the same to CGI and WSGI, is taken. */
export function isReservedHeader(name: string): boolean {
  const folded = foldHeaderName(name);
  return RESERVED.has(folded) || RESERVED_PREFIXES.some((prefix) => folded.startsWith(prefix));
}
