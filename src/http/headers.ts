/** Header fields as `node:http` gives them: one value, repeated names, tokens, and texts as header values. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { replaceControls } from '../characters.ts';

/** RFC 9110, section 5.6.2: header names and methods. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 6750, section 2.1, `b64token`: neither space nor control character nor comma. */
const B64_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const PLAIN = /^[\x20-\x7e]*$/;

/** Whether a text can be a header name or a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a text can be a bearer token. */
export function isB64Token(text: string): boolean {
  return B64_TOKEN.test(text);
}

/**
 * One header by its lower-case name. Node joins repeated ones with a comma and a space, which no parser here accepts.
 */
export function singleHeader({ headers }: { headers: IncomingHttpHeaders }, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/**
 * Whether a header is there more than once. Node keeps the first `Host` and `Authorization` and drops the others
 * silently.
 * @param name in lower case
 */
export function isRepeated({ rawHeaders }: { rawHeaders: readonly string[] }, name: string): boolean {
  let seen = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i] as string;
    if (raw.length !== name.length || raw.toLowerCase() !== name) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}

/**
 * A text as a header value: UTF-8 bytes, as Go sends them, in the latin1 characters that Node writes byte by byte
 * (Node refuses characters above U+00FF). Control characters become a space.
 * Attack: a line break in a claim would begin a header of the user's own choice.
 */
export function headerValue(text: string): string {
  if (PLAIN.test(text)) return text;
  return Buffer.from(replaceControls(text), 'utf8').toString('latin1');
}
