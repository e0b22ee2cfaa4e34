/** Traefik's `forwardAuth` (reference/routing-configuration/http/middlewares/forwardauth) and, alike, Caddy's `forward_auth`. */

import { header } from '../http/headers.ts';
import type { Dialect, ProxyRequest, Reading } from './dialect.ts';
import { forwardedUrl, readHost, readScheme, unusable } from './forwarded_headers.ts';
import { readMethod } from './method.ts';

export const traefik: Dialect = { name: 'traefik', redirects: true, read };
export const caddy: Dialect = { name: 'caddy', redirects: true, read };

function read(request: ProxyRequest): Reading {
  const proto = header(request, 'x-forwarded-proto');
  if (!proto) return unusable('X-Forwarded-Proto', 'is missing or empty');
  const scheme = readScheme(proto);
  if (!scheme) return unusable('X-Forwarded-Proto', 'is neither http nor https');
  const host = readHost(header(request, 'x-forwarded-host'), scheme, 'X-Forwarded-Host');
  if ('kind' in host) return host;
  const uri = header(request, 'x-forwarded-uri');
  if (!uri) return unusable('X-Forwarded-Uri', 'is missing or empty');
  const method = readMethod(header(request, 'x-forwarded-method') ?? 'GET', 'X-Forwarded-Method');
  if (typeof method !== 'string') return method;
  const url = forwardedUrl(scheme, host.host, uri, 'X-Forwarded-Uri');
  return 'kind' in url ? url : { url, method };
}
