/**
 * The forwarded URL and method in a proxy's headers, parsed strictly; what cannot be used names the header to blame.
 */
import { parseHostList, parseSchemeList } from '../http/forwarded_list.ts';
import { isRepeated, isToken, singleHeader } from '../http/headers.ts';
import { type InvalidUrl, parseHost, type RequestUrl, requestUrl } from '../http/url.ts';
import type { IncomingAuthRequest, InvalidHeader, ParseOptions } from './dialect.ts';

export function invalidHeader(header: string, problem: string): InvalidHeader {
  return { kind: 'invalid', header, problem };
}

/** `result`, with the header to blame where it is none. */
export function blame<T extends object>(header: string, result: T | InvalidUrl): T | InvalidHeader {
  return 'problem' in result ? { ...invalidHeader(header, result.problem), tooLong: result.tooLong } : result;
}

/** Where a dialect finds the parts of the forwarded URL; one constant for each dialect. */
export interface UrlSource {
  /** The header that has the host, as it is written in messages. */
  hostHeader: 'Host' | 'X-Forwarded-Host';
  /** The header or part that has path and query, as it is written in messages. */
  uriHeader: string;
  /** Whether a missing `X-Forwarded-Proto` means the scheme of the application. */
  schemeOptional: boolean;
}

/**
 * `X-Forwarded-Proto`, a host and a URI as one URL.
 * @param host the value of `hostHeader`
 * @param uri path and query
 */
export function forwardedUrl(
  request: IncomingAuthRequest,
  host: string | undefined,
  uri: string,
  source: UrlSource,
  options: ParseOptions,
): RequestUrl | InvalidHeader {
  const { hostHeader, uriHeader, schemeOptional } = source;
  const proto = singleHeader(request, 'x-forwarded-proto');
  if (!proto && !schemeOptional) return invalidHeader('X-Forwarded-Proto', 'is missing or empty');
  const sent = proto === undefined ? undefined : parseSchemeList(proto);
  if (typeof sent === 'object') return invalidHeader('X-Forwarded-Proto', sent.problem);
  const named = hostHeader === 'Host' ? parseHost(host) : parseHostList(host);
  if (typeof named !== 'string') return invalidHeader(hostHeader, named.problem);
  return blame(uriHeader, requestUrl(sent ?? options.schemeOf(named), named, uri));
}

/**
 * For proxies that hand the client's own `Host` on: it must not name one application and the forwarded URL another.
 * Attack: nginx and Caddy choose the site by the request line or `Host`, and the client writes the header in which the
 * operator's configuration, or a list of trusted proxies that is too wide, lets the forwarded URL's host come: a user
 * of the open site reads the closed one. Nor may it name another host of the application than the forwarded URL, where
 * rules are about some of its hosts: with `GET http://admin.example.com/` and `Host: www.example.com` authentik's lines for
 * nginx (`Host $host`, `X-Original-URL $scheme://$http_host$request_uri`) serve the one and ask about the other. A `Host` that is nobody's (the address that proxies alone use) contradicts
 * nothing.
 */
export function findHostConflict(
  request: IncomingAuthRequest,
  url: RequestUrl,
  options: ParseOptions,
): InvalidHeader | undefined {
  const own = request.headers.host;
  if (!own) return undefined;
  if (isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  if (own === url.host) return undefined;
  const host = parseHost(own);
  if (typeof host !== 'string') return invalidHeader('Host', host.problem);
  if (options.areDifferent(host, url.host))
    return invalidHeader('Host', `(${host}) is of another application than the forwarded URL (${url.host})`);
  if (options.areToldApart(host, url))
    return invalidHeader(
      'Host',
      `(${host}) is not the host of the forwarded URL (${url.host}), and rules tell them apart`,
    );
  return undefined;
}

/** The method that a header names (RFC 9110, section 9.1: a token, letter case matters); two headers are no token. */
export function parseMethod(text: string, header: string): string | InvalidHeader {
  return isToken(text) ? text : invalidHeader(header, 'is not one method');
}
