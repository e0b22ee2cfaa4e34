/** Whether a forwarded URL, or any header that may hold one, names an auth endpoint of Gatepost's own. Pure. */
import { isAuthPath } from '../endpoints.ts';
import { type ForwardedPath, parsePath } from '../http/path.ts';
import { encodeHighBytes } from '../http/url.ts';
import type { AuthRequest } from './request.ts';

/** The headers in which the proxies of all dialects say which address a client asked for. */
const URL_HEADERS = ['x-original-url', 'x-original-uri', 'x-forwarded-uri'] as const;

/** Characters. No honest proxy reports a longer path; it is taken for the worst. */
const MAX_PATH_CHARS = 16 * 1024;

/**
 * Attack: a proxy hands everything under `/outpost.goauthentik.io/` to Gatepost, as authentik's published files do. A
 * script in a page fetches the auth endpoint itself and reads tokens out of the headers of the response, with
 * `X-Forwarded-Uri` of its own choice at the endpoint of another dialect. What such a proxy says about the request is
 * then the path of an auth endpoint, about which no proxy asks otherwise. So all three headers count here, whatever the
 * dialect.
 */
export function namesAuthEndpoint({ url, headers }: Pick<AuthRequest, 'url' | 'headers'>): boolean {
  if (isAuthEndpoint(url.path)) return true;
  for (const name of URL_HEADERS) {
    const value = headers[name];
    if (value === undefined || isSamePath(value, url.path.raw)) continue;
    const text = String(value);
    // Attack: the header ten thousand times, each with a path that takes long to read: 57 ms for one request. No proxy
    // writes it twice, so one of them is the client's.
    if (text.includes(', ') || hasAuthPath(text)) return true;
  }
  return false;
}

/** Where the path of a URL or of a request target begins. */
function startOfPath(text: string): number {
  if (text.startsWith('/')) return 0;
  const authority = text.indexOf('://');
  if (authority < 0) return 0;
  const slash = text.indexOf('/', authority + 3);
  return slash < 0 ? text.length : slash;
}

/** The path that has been looked at already, without a query or with one: nothing is cut out of a warm request. */
function isSamePath(value: string | string[], path: string): boolean {
  if (typeof value !== 'string') return false;
  const start = startOfPath(value);
  const end = start + path.length;
  return value.startsWith(path, start) && (end === value.length || value[end] === '?') && !value.includes(', ');
}

function hasAuthPath(text: string): boolean {
  const target = text.slice(startOfPath(text));
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  return path.length > MAX_PATH_CHARS || isAuthEndpoint(parsePath(encodeHighBytes(path)));
}

/** By its strictest reading: any variant that a proxy on the way to Gatepost could make of the path. */
function isAuthEndpoint(path: ForwardedPath): boolean {
  if (path.variants.length === 1) return isAuthPath(path.raw);
  if (path.variants.length > 0) return path.variants.some(isAuthPath);
  // Too many variants to try: the word is enough, or a letter in more bytes than it needs (`%c1%a1`).
  const text = decodeTwice(path.raw);
  return /auth/i.test(text) || /[\xc0\xc1]|\xe0[\x80\x81]/.test(text);
}

function decodeTwice(text: string): string {
  const decode = (encoded: string) =>
    encoded.replace(/%(?:u00)?([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decode(decode(text));
}
