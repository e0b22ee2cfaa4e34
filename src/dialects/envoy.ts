/**
 * Envoy's `ext_authz` over HTTP (api-v3/extensions/filters/http/ext_authz): the client's own request under a path
 * prefix:
 *
 *     POST /outpost.goauthentik.io/auth/envoy/d/1?orgId=1 HTTP/1.1
 *     Host: grafana.example.com
 *     X-Forwarded-Proto: https
 */
import { isRepeated, singleHeader } from '../http/headers.ts';
import type { Dialect, IncomingAuthRequest, ParsedRequest, ParseOptions } from './dialect.ts';
import { forwardedUrl, invalidHeader, type UrlSource } from './forwarded_headers.ts';

/**
 * Attack: Envoy passes a client's `Authorization` on when the response has none (Istio's `envoyExtAuthzHttp` leaves no
 * other choice), and an app password that opened the door would reach the application. Envoy removes what this header
 * names.
 */
const removeHeadersVia = 'x-envoy-auth-headers-to-remove';

export const envoy: Dialect = {
  name: 'envoy',
  capabilities: { redirect: true, anyStatus: true, removeHeadersVia },
  parse,
};

const SOURCE: UrlSource = { hostHeader: 'Host', uriHeader: 'the path', schemeOptional: true };

/** @param rest the client's request target */
function parse(request: IncomingAuthRequest, rest: string, options: ParseOptions): ParsedRequest {
  if (isRepeated(request, 'host')) return invalidHeader('Host', 'is there twice');
  const uri = rest.startsWith('/') ? rest : `/${rest}`;
  const url = forwardedUrl(request, singleHeader(request, 'host'), uri, SOURCE, options);
  return 'kind' in url ? url : { url, method: request.method };
}
