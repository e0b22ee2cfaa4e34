/**
 * URLs that a client requested: parsed strictly, and only once. The dialects, the endpoints for browsers and the return
 * address of a login read hosts and URLs here and nowhere else, so that one host is one application to all of them. The
 * addresses of providers are no requests: for them, `URL` is right. Pure.
 */
import { normalizeHost } from './host.ts';
import { type ForwardedPath, parsePath } from './path.ts';

export type Scheme = 'http' | 'https';

/** Scheme, host and port. */
export interface Origin {
  scheme: Scheme;
  /** Normalised (`normalizeHost`): lower case, without the ports 80 and 443. */
  host: string;
}

export interface RequestUrl extends Origin {
  path: ForwardedPath;
  /** With its `?`; empty where there is none. A fragment is no part of it. */
  query: string;
  /** The whole URL without fragment. */
  href: string;
}

/**
 * Why a text is not the URL of a request: the end of a sentence whose subject is the header or argument that holds it.
 */
export interface InvalidUrl {
  problem: string;
  /** It is longer than 16 KiB: the client's doing, while everything else is the proxy's. */
  tooLong?: true;
}

/** Characters. No honest proxy reports a longer URL. */
export const MAX_URL_CHARS = 16 * 1024;
const TOO_LONG: InvalidUrl = { problem: 'is longer than 16 KiB', tooLong: true };

const SCHEMES = new Map<string, Scheme>([
  ['http', 'http'],
  ['https', 'https'],
  // A WebSocket is decided like the page that opens it.
  ['ws', 'http'],
  ['wss', 'https'],
]);

/** `http`, `https`, `ws` or `wss` in any letter case. */
export function parseScheme(text: string): Scheme | undefined {
  return SCHEMES.get(text) ?? SCHEMES.get(text.toLowerCase());
}

/** The host in the form in which hosts are compared, or what is wrong with it. */
export function parseHost(text: string | undefined): string | InvalidUrl {
  if (!text) return { problem: 'is missing or empty' };
  if (text.includes('@')) return { problem: 'has user information before the host' };
  return normalizeHost(text) ?? { problem: 'is not one host with an optional port' };
}

/**
 * Scheme and authority of an absolute URL, and the text behind them. The authority ends at `/`, `?` or `#` (RFC 3986,
 * section 3.2).
 */
export function parseOrigin(text: string): (Origin & { rest: string }) | InvalidUrl {
  if (text === '') return { problem: 'is empty' };
  const colon = text.indexOf('://');
  const name = text.slice(0, Math.max(colon, 0));
  const scheme = parseScheme(name);
  if (!scheme) return { problem: SCHEME_SYNTAX.test(name) ? 'is neither http nor https' : 'is not an absolute URL' };
  const start = colon + '://'.length;
  const end = endOfAuthority(text, start);
  if (end === start) return { problem: 'has an empty host' };
  const host = parseHost(text.slice(start, end));
  return typeof host === 'string' ? { scheme, host, rest: text.slice(end) } : host;
}

/** RFC 3986, section 3.1. */
const SCHEME_SYNTAX = /^[a-z][a-z0-9+.-]*$/i;

function endOfAuthority(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2f || code === 0x3f || code === 0x23) return at;
  }
  return text.length;
}

/**
 * The host of a configured address (`external_host`), in the form in which hosts are compared.
 *
 * @throws Error where it is no address; the configuration has been checked for that
 */
export function hostOf(externalHost: string): string {
  const origin = parseOrigin(externalHost);
  if ('problem' in origin) throw new Error(`external_host ${origin.problem}`);
  return origin.host;
}

/**
 * An absolute http or https URL with a path.
 * Attack: a client sends `Host: app.example.com?`, and a proxy that puts host and path together makes
 * `http://app.example.com?/admin` of it: the path would be `/`, while the proxy serves `/admin`. Whoever writes a path
 * writes a slash behind the host.
 */
export function parseAbsoluteUrl(text: string): RequestUrl | InvalidUrl {
  if (text.length > MAX_URL_CHARS) return TOO_LONG;
  const origin = parseOrigin(text);
  if ('problem' in origin) return origin;
  if (!origin.rest.startsWith('/')) return { problem: 'has no path behind the host' };
  return requestUrl(origin.scheme, origin.host, origin.rest);
}

/** Path and query of `uri` on a host that `parseHost` gave. */
export function requestUrl(scheme: Scheme, host: string, uri: string): RequestUrl | InvalidUrl {
  if (!uri.startsWith('/')) return { problem: 'does not begin with a slash' };
  if (uri.length > MAX_URL_CHARS) return TOO_LONG;
  const isPlain = !NOT_PRINTABLE_ASCII.test(uri);
  // Attack: control characters and spaces split headers, log lines and request lines further down. Two headers
  // of the same name arrive joined by a comma and a space and are refused here too.
  if (!isPlain && /[\0-\x20\x7f]/.test(uri)) return { problem: 'has spaces or control characters, or is there twice' };
  const canonical = isPlain ? uri : encodeHighBytes(uri);
  // Three times as long where all of it was above ASCII.
  if (canonical.length + host.length + 8 > MAX_URL_CHARS) return TOO_LONG;
  const mark = canonical.indexOf('?');
  const raw = mark < 0 ? canonical : canonical.slice(0, mark);
  const query = mark < 0 ? '' : withoutFragment(canonical.slice(mark));
  const href = `${scheme}://${host}${mark < 0 ? withoutFragment(raw) : raw}${query}`;
  return { scheme, host, path: parsePath(raw), query: query === '?' ? '' : query, href };
}

/** Nearly every address of a client has none of it. */
const NOT_PRINTABLE_ASCII = /[^\x21-\x7e]/;

function withoutFragment(text: string): string {
  const hash = text.indexOf('#');
  return hash < 0 ? text : text.slice(0, hash);
}

/** Node hands bytes over as latin1; in a URL they belong percent-encoded (RFC 3986, section 2.5). */
export function encodeHighBytes(text: string): string {
  return text.replace(/[\x80-\xff]+/g, (bytes) =>
    Buffer.from(bytes, 'latin1').toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
