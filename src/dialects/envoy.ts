/** Envoy's `ext_authz` over HTTP (api-v3/extensions/filters/http/ext_authz): the client's own request under a path prefix. */

import { isRepeated, singleHeader } from '../http/headers.ts';
import type { Dialect, IncomingAuthRequest, ParsedRequest, ParseOptions } from './dialect.ts';
import { invalidHeader, parseHost, parseScheme, requestUrl } from './forwarded_headers.ts';

/**
 * Attack: Envoy passes a client's `Authorization` on when the answer has none (Istio's `envoyExtAuthzHttp` leaves no other
 * choice), and an app password that opened the door would reach the application. It removes what this header names.
 */
const removal = 'x-envoy-auth-headers-to-remove';

export const envoy: Dialect = { name: 'envoy', redirects: true, removal, parse };

/** `rest` is the request target after the prefix. */
function parse(request: IncomingAuthRequest, rest: string, options: ParseOptions): ParsedRequest {
  if (isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  const proto = singleHeader(request, 'x-forwarded-proto');
  const scheme = proto === undefined ? undefined : parseScheme(proto);
  if (proto !== undefined && !scheme) return invalidHeader('X-Forwarded-Proto', 'is neither http nor https');
  const named = parseHost(singleHeader(request, 'host'), scheme, 'Host');
  if ('kind' in named) return named;
  const known = scheme ?? options.schemeOf(named.host);
  const host = parseHost(named.host, known, 'Host');
  if ('kind' in host) return host;
  const url = requestUrl(known, host.host, rest.startsWith('/') ? rest : `/${rest}`, 'the path');
  return 'kind' in url ? url : { url, method: request.method };
}
