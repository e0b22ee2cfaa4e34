/** Traefik's `forwardAuth` (reference/routing-configuration/http/middlewares/forwardauth) and, alike, Caddy's `forward_auth`. */

import { singleHeader } from '../http/headers.ts';
import type { Dialect, IncomingAuthRequest, ParsedRequest } from './dialect.ts';
import { invalidHeader, parseHost, parseScheme, requestUrl } from './forwarded_headers.ts';
import { parseMethod } from './method.ts';

export const traefik: Dialect = { name: 'traefik', redirects: true, parse };
export const caddy: Dialect = { name: 'caddy', redirects: true, parse };

function parse(request: IncomingAuthRequest): ParsedRequest {
  const proto = singleHeader(request, 'x-forwarded-proto');
  if (!proto) return invalidHeader('X-Forwarded-Proto', 'is missing or empty');
  const scheme = parseScheme(proto);
  if (!scheme) return invalidHeader('X-Forwarded-Proto', 'is neither http nor https');
  const host = parseHost(singleHeader(request, 'x-forwarded-host'), scheme, 'X-Forwarded-Host');
  if ('kind' in host) return host;
  const uri = singleHeader(request, 'x-forwarded-uri');
  if (!uri) return invalidHeader('X-Forwarded-Uri', 'is missing or empty');
  const method = parseMethod(singleHeader(request, 'x-forwarded-method') ?? 'GET', 'X-Forwarded-Method');
  if (typeof method !== 'string') return method;
  const url = requestUrl(scheme, host.host, uri, 'X-Forwarded-Uri');
  return 'kind' in url ? url : { url, method };
}
