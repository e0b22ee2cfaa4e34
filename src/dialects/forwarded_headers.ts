/** The forwarded URL: what a proxy says that the client asked for, parsed strictly and only once. */
import { normalizeHost } from '../access/application_index.ts';
import { type ForwardedPath, parsePath } from '../http/path.ts';

export interface RequestUrl {
  scheme: 'http' | 'https';
  /** Normalised: lower case, port only where it is not the scheme's default. */
  host: string;
  path: ForwardedPath;
  /** With its `?`; empty where there is none. A fragment is no part of it. */
  query: string;
  /** The whole URL without fragment. */
  href: string;
}

/** A question that can't be used, with the header to blame and what is wrong with it. */
export interface InvalidHeader {
  kind: 'unusable';
  header: string;
  problem: string;
}

export function invalidHeader(header: string, problem: string): InvalidHeader {
  return { kind: 'unusable', header, problem };
}

/** No forwarded URL is longer, in characters. */
const MAX_URL_CHARS = 16 * 1024;

const SCHEMES = new Map<string, 'http' | 'https'>([
  ['http', 'http'],
  ['https', 'https'],
  // A socket is judged as the page that opens it.
  ['ws', 'http'],
  ['wss', 'https'],
]);

/** `http`, `https`, `ws` or `wss` in any letter case. */
export function parseScheme(text: string): 'http' | 'https' | undefined {
  return SCHEMES.get(text) ?? SCHEMES.get(text.toLowerCase());
}

/** Scheme, host and the rest of an absolute URL, not yet looked at; `undefined` for what is none. */
export function splitAbsoluteUrl(text: string): { scheme: string; host: string; uri: string } | undefined {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (!parts) return undefined;
  const rest = parts[3] as string;
  return { scheme: parts[1] as string, host: parts[2] as string, uri: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Path and query of `uri` on a host whose scheme and form were checked before. `header` is blamed for what is wrong. */
export function requestUrl(
  scheme: 'http' | 'https',
  host: string,
  uri: string,
  header: string,
): RequestUrl | InvalidHeader {
  if (!uri.startsWith('/')) return invalidHeader(header, 'does not begin with a slash');
  // Attack: control characters and spaces split headers, log lines and request lines further down. Two headers
  // of the same name arrive joined by a comma and a space and are refused here too.
  if (/[\0-\x20\x7f]/.test(uri)) return invalidHeader(header, 'has spaces or control characters, or is there twice');
  if (uri.length > MAX_URL_CHARS) return invalidHeader(header, 'is longer than 16 KiB');
  const canonical = encodeHighBytes(uri);
  // Three times as long where all of it was above ASCII.
  if (canonical.length + host.length + 8 > MAX_URL_CHARS) return invalidHeader(header, 'is longer than 16 KiB');
  const question = canonical.indexOf('?');
  const raw = question < 0 ? canonical : canonical.slice(0, question);
  const query = question < 0 ? '' : withoutFragment(canonical.slice(question));
  const href = `${scheme}://${host}${question < 0 ? withoutFragment(raw) : raw}${query}`;
  return { scheme, host, path: parsePath(raw), query: query === '?' ? '' : query, href };
}

/** The host of a header in the form that hosts are compared in, or what is wrong with it. */
export function parseHost(
  text: string | undefined,
  scheme: 'http' | 'https' | undefined,
  header: string,
): { host: string } | InvalidHeader {
  if (!text) return invalidHeader(header, 'is missing or empty');
  if (text.includes('@')) return invalidHeader(header, 'has user information before the host');
  const host = normalizeHost(text, scheme);
  return host === undefined ? invalidHeader(header, 'is not one host with an optional port') : { host };
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
