/** nginx's `auth_request` (ngx_http_auth_request_module), and HAProxy where it asks in the same way. */

import { header, isRepeated } from '../http/headers.ts';
import type { Dialect, ProxyRequest, Reading, ReadOptions } from './dialect.ts';
import {
  type ForwardedUrl,
  forwardedUrl,
  readHost,
  readScheme,
  splitAbsolute,
  type Unusable,
  unusable,
} from './forwarded_headers.ts';
import { readMethod } from './method.ts';

export const nginx: Dialect = { name: 'nginx', redirects: false, read };

function read(request: ProxyRequest, _rest: string, options: ReadOptions): Reading {
  const absolute = header(request, 'x-original-url');
  const url = absolute === undefined ? fromParts(request, options) : fromAbsolute(absolute);
  if ('kind' in url) return url;
  const contradiction = findContradiction(request, url);
  if (contradiction) return contradiction;
  // Attack: nginx hands every header of the client on, so a method is believed only in the header that the
  // operator says is overwritten by the configuration.
  const sent = options.nginxMethodHeader && header(request, options.nginxMethodHeader);
  if (!sent) return { url, method: undefined };
  const method = readMethod(sent, options.nginxMethodHeader as string);
  return typeof method === 'string' ? { url, method } : method;
}

function fromAbsolute(text: string): ForwardedUrl | Unusable {
  if (text === '') return unusable('X-Original-URL', 'is empty');
  const parts = splitAbsolute(text);
  if (!parts) return unusable('X-Original-URL', 'is not an absolute URL');
  const scheme = readScheme(parts.scheme);
  if (!scheme) return unusable('X-Original-URL', 'is neither http nor https');
  const host = readHost(parts.host, scheme, 'X-Original-URL');
  return 'kind' in host ? host : forwardedUrl(scheme, host.host, parts.uri, 'X-Original-URL');
}

function fromParts(request: ProxyRequest, options: ReadOptions): ForwardedUrl | Unusable {
  const name = header(request, 'x-original-uri') === undefined ? 'X-Forwarded-Uri' : 'X-Original-URI';
  const uri = header(request, name.toLowerCase());
  if (!uri) return unusable(uri === undefined ? 'X-Original-URL' : name, 'is missing or empty');
  const proto = header(request, 'x-forwarded-proto');
  const scheme = proto === undefined ? undefined : readScheme(proto);
  if (proto !== undefined && !scheme) return unusable('X-Forwarded-Proto', 'is neither http nor https');
  const hostHeader = header(request, 'x-forwarded-host') === undefined ? 'Host' : 'X-Forwarded-Host';
  if (hostHeader === 'Host' && isRepeated(request, 'host')) return unusable('Host', 'is there twice');
  const named = readHost(header(request, hostHeader.toLowerCase()), scheme, hostHeader);
  if ('kind' in named) return named;
  const known = scheme ?? options.schemeOf(named.host);
  const host = readHost(named.host, known, hostHeader);
  return 'kind' in host ? host : forwardedUrl(known, host.host, uri, name);
}

/**
 * Attack: a client adds the one of our three headers that the operator's configuration does not overwrite
 * and hopes that it is the one we read. They must all name the same path and query, to the letter.
 */
function findContradiction(request: ProxyRequest, url: ForwardedUrl): Unusable | undefined {
  for (const name of ['X-Original-URI', 'X-Forwarded-Uri']) {
    const uri = header(request, name.toLowerCase());
    if (uri === undefined) continue;
    const other = forwardedUrl(url.scheme, url.host, uri, name);
    if ('kind' in other) return other;
    if (other.path.raw !== url.path.raw || other.query !== url.query)
      return unusable(name, 'contradicts the other headers');
  }
  return undefined;
}
