/**
 * nginx's `auth_request` (ngx_http_auth_request_module), and HAProxy's Lua action, which sends the same request:
 *
 *     GET /outpost.goauthentik.io/auth/nginx HTTP/1.1
 *     X-Original-URL: https://grafana.example.com/d/1?orgId=1
 *     X-Original-Method: POST
 */
import { isRepeated, singleHeader } from '../http/headers.ts';
import { parseAbsoluteUrl, type RequestUrl, requestUrl } from '../http/url.ts';
import type { Dialect, IncomingAuthRequest, InvalidHeader, ParsedRequest, ParseOptions } from './dialect.ts';
import { blame, findHostConflict, forwardedUrl, invalidHeader, parseMethod } from './forwarded_headers.ts';

export const nginx: Dialect = { name: 'nginx', capabilities: { redirect: false, anyStatus: false }, parse };

function parse(request: IncomingAuthRequest, _rest: string, options: ParseOptions): ParsedRequest {
  const absolute = singleHeader(request, 'x-original-url');
  const url =
    absolute === undefined ? fromParts(request, options) : blame('X-Original-URL', parseAbsoluteUrl(absolute));
  if ('kind' in url) return url;
  const contradiction = findContradiction(request, url) ?? findHostConflict(request, url, options);
  if (contradiction) return contradiction;
  // Attack: nginx hands every header of the client on, so a method is believed only in the header that the
  // operator says is overwritten by the configuration.
  const name = options.nginxMethodHeader;
  const sent = name && singleHeader(request, name);
  if (!sent) return { url, method: undefined };
  const method = parseMethod(sent, name);
  return typeof method === 'string' ? { url, method } : method;
}

function fromParts(request: IncomingAuthRequest, options: ParseOptions): RequestUrl | InvalidHeader {
  const uriHeader = singleHeader(request, 'x-original-uri') === undefined ? 'X-Forwarded-Uri' : 'X-Original-URI';
  const uri = singleHeader(request, uriHeader.toLowerCase());
  if (!uri) return invalidHeader(uri === undefined ? 'X-Original-URL' : uriHeader, 'is missing or empty');
  const forwarded = singleHeader(request, 'x-forwarded-host');
  if (forwarded === undefined && isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  const hostHeader = forwarded === undefined ? 'Host' : 'X-Forwarded-Host';
  const host = forwarded ?? singleHeader(request, 'host');
  return forwardedUrl(request, host, uri, { hostHeader, uriHeader, schemeOptional: true }, options);
}

/**
 * Attack: a client adds the one of the three headers that the operator's configuration does not overwrite,
 * and hopes that it is the one that counts. They must all name the same path and query, to the letter.
 */
function findContradiction(request: IncomingAuthRequest, url: RequestUrl): InvalidHeader | undefined {
  for (const name of ['X-Original-URI', 'X-Forwarded-Uri']) {
    const uri = singleHeader(request, name.toLowerCase());
    if (uri === undefined) continue;
    const other = blame(name, requestUrl(url.scheme, url.host, uri));
    if ('kind' in other) return other;
    if (other.path.raw !== url.path.raw || other.query !== url.query) {
      return invalidHeader(name, 'contradicts the other headers');
    }
  }
  return undefined;
}
