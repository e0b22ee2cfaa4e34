/** Envoy's `ext_authz` over HTTP (api-v3/extensions/filters/http/ext_authz): the client's own request under a path prefix. */

import { header, isRepeated } from '../http/headers.ts';
import type { Dialect, ProxyRequest, Reading, ReadOptions } from './dialect.ts';
import { forwardedUrl, readHost, readScheme, unusable } from './forwarded_headers.ts';

/**
 * Attack: Envoy passes a client's `Authorization` on when the answer has none (Istio's `envoyExtAuthzHttp` leaves no other
 * choice), and an app password that opened the door would reach the application. It removes what this header names.
 */
const removal = 'x-envoy-auth-headers-to-remove';

export const envoy: Dialect = { name: 'envoy', redirects: true, removal, read };

/** `rest` is the request target after the prefix. */
function read(request: ProxyRequest, rest: string, options: ReadOptions): Reading {
  if (isRepeated(request, 'host')) return unusable('Host', 'is there twice');
  const proto = header(request, 'x-forwarded-proto');
  const scheme = proto === undefined ? undefined : readScheme(proto);
  if (proto !== undefined && !scheme) return unusable('X-Forwarded-Proto', 'is neither http nor https');
  const named = readHost(header(request, 'host'), scheme, 'Host');
  if ('kind' in named) return named;
  const known = scheme ?? options.schemeOf(named.host);
  const host = readHost(named.host, known, 'Host');
  if ('kind' in host) return host;
  const url = forwardedUrl(known, host.host, rest.startsWith('/') ? rest : `/${rest}`, 'the path');
  return 'kind' in url ? url : { url, method: request.method };
}
