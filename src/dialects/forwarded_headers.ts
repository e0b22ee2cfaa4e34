/** The forwarded URL and method in a proxy's headers, parsed strictly; what cannot be used names the header to blame. */
import { isRepeated, isToken, singleHeader } from '../http/headers.ts';
import { type InvalidUrl, parseHost, parseScheme, type RequestUrl, requestUrl } from '../http/url.ts';
import type { IncomingAuthRequest, InvalidHeader, ParseOptions } from './dialect.ts';

export function invalidHeader(header: string, problem: string): InvalidHeader {
  return { kind: 'invalid', header, problem };
}

/** `result`, with the header to blame where it is none. */
export function blame<T extends object>(header: string, result: T | InvalidUrl): T | InvalidHeader {
  return 'problem' in result ? invalidHeader(header, result.problem) : result;
}

/** The headers that a proxy builds a forwarded URL from. */
export interface UrlSource {
  /** The name of the header that has the host. */
  hostHeader: 'Host' | 'X-Forwarded-Host';
  /** The header or part that has path and query, for messages, and its value. */
  uriHeader: string;
  uri: string;
  /** Whether a missing `X-Forwarded-Proto` means the scheme of the application. */
  schemeOptional: boolean;
}

/** `X-Forwarded-Proto`, a host and a URI as one URL. */
export function forwardedUrl(
  request: IncomingAuthRequest,
  { hostHeader, uriHeader, uri, schemeOptional }: UrlSource,
  { schemeOf }: ParseOptions,
): RequestUrl | InvalidHeader {
  const proto = singleHeader(request, 'x-forwarded-proto');
  if (!proto && !(schemeOptional && proto === undefined)) {
    return invalidHeader('X-Forwarded-Proto', schemeOptional ? 'is neither http nor https' : 'is missing or empty');
  }
  const sent = proto === undefined ? undefined : parseScheme(proto);
  if (proto !== undefined && !sent) return invalidHeader('X-Forwarded-Proto', 'is neither http nor https');
  if (hostHeader === 'Host' && isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  const text = singleHeader(request, hostHeader.toLowerCase());
  const named = parseHost(text, sent);
  if ('problem' in named) return invalidHeader(hostHeader, named.problem);
  const scheme = sent ?? schemeOf(named.host);
  // Once more where the scheme came from the application: its default port counts as none.
  const host = sent ? named : parseHost(named.host, scheme);
  if ('problem' in host) return invalidHeader(hostHeader, host.problem);
  return blame(uriHeader, requestUrl(scheme, host.host, uri));
}

/** The method that a header names (RFC 9110, section 9.1: a token, letter case matters); two headers are no token. */
export function parseMethod(text: string, header: string): string | InvalidHeader {
  return isToken(text) ? text : invalidHeader(header, 'is not one method');
}
