/** URLs that a client requested: parsed strictly, and only once. Pure. */
import { normalizeHost } from './host.ts';
import { type ForwardedPath, parsePath } from './path.ts';

export type Scheme = 'http' | 'https';

export interface RequestUrl {
  scheme: Scheme;
  /** Normalised: lower case, a port only where it is not the scheme's default. */
  host: string;
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
}

/** Characters. */
const MAX_URL_CHARS = 16 * 1024;

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
export function parseHost(text: string | undefined, scheme: Scheme | undefined): string | InvalidUrl {
  if (!text) return { problem: 'is missing or empty' };
  if (text.includes('@')) return { problem: 'has user information before the host' };
  return normalizeHost(text, scheme) ?? { problem: 'is not one host with an optional port' };
}

/** An absolute http or https URL. */
export function parseAbsoluteUrl(text: string): RequestUrl | InvalidUrl {
  if (text === '') return { problem: 'is empty' };
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (!parts) return { problem: 'is not an absolute URL' };
  const [, name = '', authority, rest = ''] = parts;
  const scheme = parseScheme(name);
  if (!scheme) return { problem: 'is neither http nor https' };
  const host = parseHost(authority, scheme);
  if (typeof host !== 'string') return host;
  return requestUrl(scheme, host, rest.startsWith('/') ? rest : `/${rest}`);
}

/** Path and query of `uri` on a host that `parseHost` gave. */
export function requestUrl(scheme: Scheme, host: string, uri: string): RequestUrl | InvalidUrl {
  if (!uri.startsWith('/')) return { problem: 'does not begin with a slash' };
  // Attack: control characters and spaces split headers, log lines and request lines further down. Two headers
  // of the same name arrive joined by a comma and a space and are refused here too.
  if (/[\0-\x20\x7f]/.test(uri)) return { problem: 'has spaces or control characters, or is there twice' };
  if (uri.length > MAX_URL_CHARS) return { problem: 'is longer than 16 KiB' };
  const canonical = encodeHighBytes(uri);
  // Three times as long where all of it was above ASCII.
  if (canonical.length + host.length + 8 > MAX_URL_CHARS) return { problem: 'is longer than 16 KiB' };
  const mark = canonical.indexOf('?');
  const raw = mark < 0 ? canonical : canonical.slice(0, mark);
  const query = mark < 0 ? '' : withoutFragment(canonical.slice(mark));
  const href = `${scheme}://${host}${mark < 0 ? withoutFragment(raw) : raw}${query}`;
  return { scheme, host, path: parsePath(raw), query: query === '?' ? '' : query, href };
}

function withoutFragment(text: string): string {
  const hash = text.indexOf('#');
  return hash < 0 ? text : text.slice(0, hash);
}

/** Node hands bytes over as latin1; in a URL they belong percent-encoded (RFC 3986, section 2.5). */
function encodeHighBytes(text: string): string {
  return text.replace(/[\x80-\xff]+/g, (bytes) =>
    Buffer.from(bytes, 'latin1').toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
