/** Reads an `Authorization` header: its scheme, and the credential in it. */
import { isUtf8 } from 'node:buffer';
import { isB64Token } from '../http/headers.ts';

export type Credential = { scheme: 'basic'; user: string; password: string } | { scheme: 'bearer'; token: string };

/** User name, colon and password together. */
const MAX_BASIC_BYTES = 8 * 1024;
/** A JWT with some hundred groups has about 10 KiB. */
const MAX_TOKEN_CHARS = 16 * 1024;
/** The user name of authentik's proxy outpost with which a password is a token, for programs that know only Basic. */
const TOKEN_USER = 'goauthentik.io/token';
/** RFC 7617 section 2 forbids them in user name and password. */
const CONTROL = /\p{Cc}/u;

/** The scheme: the first word, in any letter case (RFC 9110 section 11.1). */
export function schemeOf(header: string): 'basic' | 'bearer' | 'other' {
  if (/^basic(?: |$)/i.test(header)) return 'basic';
  return /^bearer(?: |$)/i.test(header) ? 'bearer' : 'other';
}

/**
 * The credential in a header value as Node gives it (each character is a byte).
 * `other`: neither Basic nor Bearer. `broken`: one of them, but nothing that could ever be right; it counts as refused.
 */
export function parseAuthorization(header: string): Credential | 'other' | 'broken' {
  const scheme = schemeOf(header);
  if (scheme === 'other') return 'other';
  const value = header.slice(scheme.length).trim();
  return scheme === 'basic' ? parseBasic(value) : parseBearer(value);
}

/** RFC 7617 with `charset="UTF-8"`. The first colon ends the user name: a password may have more of them. */
function parseBasic(value: string): Credential | 'broken' {
  if (value.length > Math.ceil(MAX_BASIC_BYTES / 3) * 4) return 'broken';
  const bytes = Buffer.from(value, 'base64');
  // Attack: Node skips what is no base64, so one credential would have endless spellings, each unknown to the cache of
  // refusals.
  if (bytes.toString('base64') !== value) return 'broken';
  if (bytes.length > MAX_BASIC_BYTES || !isUtf8(bytes)) return 'broken';
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  // Attack: many directories take an empty password for an anonymous bind and accept it (RFC 4513 section 5.1.2).
  if (colon < 1 || colon === text.length - 1 || CONTROL.test(text)) return 'broken';
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  return user === TOKEN_USER ? parseBearer(password) : { scheme: 'basic', user, password };
}

function parseBearer(token: string): Credential | 'broken' {
  return token.length <= MAX_TOKEN_CHARS && isB64Token(token) ? { scheme: 'bearer', token } : 'broken';
}
