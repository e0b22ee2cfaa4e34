/** Whether a forwarded URL, or any header that may hold one, names an auth endpoint of Gatepost's own. Pure. */
import { isAuthPath } from '../endpoints.ts';
import { type ForwardedPath, parsePath } from '../http/path.ts';
import { pathReadings } from '../http/path_readings.ts';
import { encodeHighBytes, MAX_URL_CHARS } from '../http/url.ts';
import type { AuthRequest } from './request.ts';

/** The headers in which the proxies of all dialects say which address a client asked for. */
const URL_HEADERS = ['x-original-url', 'x-original-uri', 'x-forwarded-uri'] as const;

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
  // A longer path is taken for the worst.
  return path.length > MAX_URL_CHARS || isAuthEndpoint(parsePath(encodeHighBytes(path)));
}

/** Characters: an ambiguous path whose readings are longer together is not read. */
const MAX_READINGS_CHARS = 4096;

/** By its strictest reading: whatever a proxy on the way to Gatepost could make of the path. */
function isAuthEndpoint({ raw, ambiguous }: ForwardedPath): boolean {
  if (!ambiguous) return isAuthPath(raw);
  if (!hasWordsOfAuthPath(raw)) return false;
  const readings = pathReadings(raw, MAX_READINGS_CHARS);
  return readings.length === 0 || readings.some(isAuthPath);
}

/**
 * `word` in a path, as it stands or percent-encoded any number of times, in more bytes than it needs (`%c1%a1` is `a`),
 * with controls inside that a program drops.
 */
function wordPattern(word: string): RegExp {
  const percent = '%(?:25)*(?:u00)?';
  const hex = (code: number) => code.toString(16);
  const encodings = (code: number) => {
    const last = `${percent}${hex(0x80 | (code & 0x3f))}`;
    return `${percent}${hex(code)}|${percent}c1${last}|${percent}e0${percent}81${last}`;
  };
  const letters = [...word].map(
    (letter) => `(?:${letter}|${encodings(letter.charCodeAt(0))}|${encodings(letter.toUpperCase().charCodeAt(0))})`,
  );
  return new RegExp(letters.join(`(?:${percent}(?:[01][0-9a-f]|7f))*`), 'i');
}
const AUTH = wordPattern('auth');
const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy'].map(wordPattern);

/**
 * Every auth endpoint has `auth` twice in its path, or a dialect behind it.
 * Attack: readings are costly, and a client may choose a path with many; one without these words needs none.
 */
function hasWordsOfAuthPath(raw: string): boolean {
  const at = raw.search(AUTH);
  if (at < 0) return false;
  const rest = raw.slice(at + 1);
  return AUTH.test(rest) || DIALECTS.some((dialect) => dialect.test(rest));
}
