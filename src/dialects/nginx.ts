/** nginx's `auth_request` (ngx_http_auth_request_module), and HAProxy where it asks in the same way. */

import { isRepeated, singleHeader } from '../http/headers.ts';
import type { Dialect, IncomingAuthRequest, ParsedRequest, ParseOptions } from './dialect.ts';
import {
  type InvalidHeader,
  invalidHeader,
  parseHost,
  parseScheme,
  type RequestUrl,
  requestUrl,
  splitAbsoluteUrl,
} from './forwarded_headers.ts';
import { parseMethod } from './method.ts';

export const nginx: Dialect = { name: 'nginx', redirects: false, parse };

function parse(request: IncomingAuthRequest, _rest: string, options: ParseOptions): ParsedRequest {
  const absolute = singleHeader(request, 'x-original-url');
  const url = absolute === undefined ? fromParts(request, options) : fromAbsolute(absolute);
  if ('kind' in url) return url;
  const contradiction = findContradiction(request, url);
  if (contradiction) return contradiction;
  // Attack: nginx hands every header of the client on, so a method is believed only in the header that the
  // operator says is overwritten by the configuration.
  const sent = options.nginxMethodHeader && singleHeader(request, options.nginxMethodHeader);
  if (!sent) return { url, method: undefined };
  const method = parseMethod(sent, options.nginxMethodHeader as string);
  return typeof method === 'string' ? { url, method } : method;
}

function fromAbsolute(text: string): RequestUrl | InvalidHeader {
  if (text === '') return invalidHeader('X-Original-URL', 'is empty');
  const parts = splitAbsoluteUrl(text);
  if (!parts) return invalidHeader('X-Original-URL', 'is not an absolute URL');
  const scheme = parseScheme(parts.scheme);
  if (!scheme) return invalidHeader('X-Original-URL', 'is neither http nor https');
  const host = parseHost(parts.host, scheme, 'X-Original-URL');
  return 'kind' in host ? host : requestUrl(scheme, host.host, parts.uri, 'X-Original-URL');
}

function fromParts(request: IncomingAuthRequest, options: ParseOptions): RequestUrl | InvalidHeader {
  const name = singleHeader(request, 'x-original-uri') === undefined ? 'X-Forwarded-Uri' : 'X-Original-URI';
  const uri = singleHeader(request, name.toLowerCase());
  if (!uri) return invalidHeader(uri === undefined ? 'X-Original-URL' : name, 'is missing or empty');
  const proto = singleHeader(request, 'x-forwarded-proto');
  const scheme = proto === undefined ? undefined : parseScheme(proto);
  if (proto !== undefined && !scheme) return invalidHeader('X-Forwarded-Proto', 'is neither http nor https');
  const hostHeader = singleHeader(request, 'x-forwarded-host') === undefined ? 'Host' : 'X-Forwarded-Host';
  if (hostHeader === 'Host' && isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  const named = parseHost(singleHeader(request, hostHeader.toLowerCase()), scheme, hostHeader);
  if ('kind' in named) return named;
  const known = scheme ?? options.schemeOf(named.host);
  const host = parseHost(named.host, known, hostHeader);
  return 'kind' in host ? host : requestUrl(known, host.host, uri, name);
}

/**
 * Attack: a client adds the one of our three headers that the operator's configuration does not overwrite
 * and hopes that it is the one we read. They must all name the same path and query, to the letter.
 */
function findContradiction(request: IncomingAuthRequest, url: RequestUrl): InvalidHeader | undefined {
  for (const name of ['X-Original-URI', 'X-Forwarded-Uri']) {
    const uri = singleHeader(request, name.toLowerCase());
    if (uri === undefined) continue;
    const other = requestUrl(url.scheme, url.host, uri, name);
    if ('kind' in other) return other;
    if (other.path.raw !== url.path.raw || other.query !== url.query)
      return invalidHeader(name, 'contradicts the other headers');
  }
  return undefined;
}
