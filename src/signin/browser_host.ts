/** The host that a browser asked for, at the endpoints for browsers. Pure. */
import type { IncomingMessage } from 'node:http';
import { parseHostList } from '../http/forwarded_list.ts';
import { isRepeated, singleHeader } from '../http/headers.ts';
import { parseAbsoluteUrl, parseHost } from '../http/url.ts';

/**
 * `X-Forwarded-Host` of a trusted peer, else `Host`, in the form in which hosts are compared.
 * @returns `undefined` where it cannot be read, or several are named
 */
export function browserHost(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>,
  trusted: boolean,
): string | undefined {
  const forwarded = trusted ? singleHeader(request, 'x-forwarded-host') : undefined;
  // Attack: two `Host` headers, of which Node keeps the first and the proxy may have read the second.
  if (forwarded === undefined && isRepeated(request, 'host')) return undefined;
  const host = forwarded === undefined ? parseHost(request.headers.host) : parseHostList(forwarded);
  if (typeof host !== 'string') return undefined;
  const { url: target = '/' } = request;
  if (target.startsWith('/')) return host;
  // Attack: `GET http://two.example.com/… HTTP/1.1` with another `Host`. The target's own authority is what counts
  // (RFC 9112, section 3.2.2), and what some proxy has not looked at.
  const absolute = parseAbsoluteUrl(target);
  return 'problem' in absolute || absolute.host !== host ? undefined : host;
}
