/**
 * Traefik's `forwardAuth` (reference/routing-configuration/http/middlewares/forwardauth) and, alike, Caddy's
 * `forward_auth`:
 *
 *     GET /outpost.goauthentik.io/auth/traefik HTTP/1.1
 *     X-Forwarded-Proto: https
 *     X-Forwarded-Host: grafana.example.com
 *     X-Forwarded-Uri: /d/1?orgId=1
 *     X-Forwarded-Method: POST
 */
import { singleHeader } from '../http/headers.ts';
import type { Capabilities, Dialect, IncomingAuthRequest, ParsedRequest, ParseOptions } from './dialect.ts';
import { findHostConflict, forwardedUrl, invalidHeader, parseMethod, type UrlSource } from './forwarded_headers.ts';

const capabilities: Capabilities = { redirect: true, anyStatus: true };

/** `stripPrefix` sets the one, `replacePath` the other. */
const rewriteHeaders = ['x-forwarded-prefix', 'x-replaced-path'];

export const traefik: Dialect = { name: 'traefik', capabilities, rewriteHeaders, parse };
/** Caddy hands the client's `Host` on, Traefik sends the address of Gatepost. */
export const caddy: Dialect = { name: 'caddy', capabilities, parse: parseWithHost };

const SOURCE: UrlSource = { hostHeader: 'X-Forwarded-Host', uriHeader: 'X-Forwarded-Uri', schemeOptional: false };

function parse(request: IncomingAuthRequest, _rest: string, options: ParseOptions): ParsedRequest {
  const uri = singleHeader(request, 'x-forwarded-uri');
  const url = forwardedUrl(request, singleHeader(request, 'x-forwarded-host'), uri || '/', SOURCE, options);
  if ('kind' in url) return url;
  if (!uri) return invalidHeader('X-Forwarded-Uri', 'is missing or empty');
  const method = parseMethod(singleHeader(request, 'x-forwarded-method') ?? 'GET', 'X-Forwarded-Method');
  return typeof method === 'string' ? { url, method } : method;
}

function parseWithHost(request: IncomingAuthRequest, rest: string, options: ParseOptions): ParsedRequest {
  const parsed = parse(request, rest, options);
  return 'kind' in parsed ? parsed : (findHostConflict(request, parsed.url, options) ?? parsed);
}
