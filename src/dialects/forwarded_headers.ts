/**
 * The forwarded URL and method in a proxy's headers, parsed strictly; what cannot be used names the header to blame.
 */
import { isToken, singleHeader } from '../http/headers.ts';
import { type InvalidUrl, parseHost, parseScheme, type RequestUrl, requestUrl } from '../http/url.ts';
import type { IncomingAuthRequest, InvalidHeader, ParseOptions } from './dialect.ts';

export function invalidHeader(header: string, problem: string): InvalidHeader {
  return { kind: 'invalid', header, problem };
}

/** `result`, with the header to blame where it is none. */
export function blame<T extends object>(header: string, result: T | InvalidUrl): T | InvalidHeader {
  return 'problem' in result ? invalidHeader(header, result.problem) : result;
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
  const sent = proto === undefined ? undefined : parseScheme(proto);
  if (proto !== undefined && !sent) return invalidHeader('X-Forwarded-Proto', 'is neither http nor https');
  const named = parseHost(host, sent);
  if (typeof named !== 'string') return invalidHeader(hostHeader, named.problem);
  if (sent) return blame(uriHeader, requestUrl(sent, named, uri));
  const scheme = options.schemeOf(named);
  // Once more, now that the scheme is known: its default port counts as none.
  const normalized = parseHost(named, scheme);
  if (typeof normalized !== 'string') return invalidHeader(hostHeader, normalized.problem);
  return blame(uriHeader, requestUrl(scheme, normalized, uri));
}

/** The method that a header names (RFC 9110, section 9.1: a token, letter case matters); two headers are no token. */
export function parseMethod(text: string, header: string): string | InvalidHeader {
  return isToken(text) ? text : invalidHeader(header, 'is not one method');
}
