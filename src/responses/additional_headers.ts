/** `ak_proxy.user_attributes.additionalHeaders`: headers that the provider's administrator adds for a user. */
import { isToken } from '../http/headers.ts';
import { isObject } from '../json.ts';

/**
 * Hop-by-hop headers (RFC 9110, section 7.6.1), those that frame the message, and those that the response itself needs.
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
]);

/**
 * Names and values to add. A name that is no token or that would change the message, the identity or the response
 * is left out and reported. `X_authentik_username` and `X.authentik.username` count as `X-authentik-username`: to CGI
 * and WSGI they are the same.
 */
export function additionalHeaders(
  attributes: Record<string, unknown>,
  onRefused: (name: string) => void,
): [string, string][] {
  const added = attributes.additionalHeaders;
  if (!isObject(added)) return [];
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(added)) {
    if (!isAllowed(name) || !['string', 'number', 'boolean'].includes(typeof value)) onRefused(name);
    else headers.push([name, String(value)]);
  }
  return headers;
}

function isAllowed(name: string): boolean {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
  return (
    isToken(name) && !RESERVED.has(folded) && !folded.startsWith('x-authentik-') && !folded.startsWith('x-gatepost-')
  );
}
