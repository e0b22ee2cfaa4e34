/**
 * How a path can be read. A proxy, a framework and a file system do not agree on `%2f`, `..;/` or `\`: a rule that
 * matches one reading while the application serves another protects nothing.
 */
import { hasLookalikes } from './path_readings.ts';

/** A forwarded path, and whether programs agree on what it is. */
export interface ForwardedPath {
  /** As it came, bytes above ASCII percent-encoded. */
  raw: string;
  /** Percent-decoded once, as Go's `URL.Path`, which authentik's patterns are written for; as it came where ambiguous. */
  decoded: string;
  /** A program behind the proxy could read it in another way: see `pathReadings`. */
  ambiguous: boolean;
}

// Attack: `/public/..%2fadmin`, `/public//../admin`, `/public/..;/admin`, `/public\..\admin`, `/admin#/public`.
const SUSPICIOUS_RAW = /[\\;#\0-\x1f\x7f-\uffff]|\/\/|\/[.]+(?:\/|$)/;
// Attack: `/......x%20` with 16,000 dots. Were there two ways to share them out, each pair of places would be tried:
// 0.4 s.
const SUSPICIOUS_DECODED = /[\\;#?\0-\x1f\x7f]|\/\/|\/\s*\.[.\s]*(?:\/|$)/;
// Attack: escapes that no honest client makes: `/`, `\`, NUL and controls; letters and digits (`/%61dmin` against
// `^/[^a]`); a percent sign before two more hex digits (decoded twice downstream).
const SUSPICIOUS_ENCODED =
  /%(?:2f|5c|3b|23|3f|[01][0-9a-f]|7f|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|25(?:[0-9a-f]{2}|u))/i;
const MALFORMED_ESCAPE = /%(?![0-9a-f]{2})/i;

/** Reads a path. Pure; the plain path of an honest client takes one regular expression. */
export function parsePath(raw: string): ForwardedPath {
  const odd = SUSPICIOUS_RAW.test(raw);
  if (!odd && !raw.includes('%')) return { raw, decoded: raw, ambiguous: false };
  if (odd || SUSPICIOUS_ENCODED.test(raw) || MALFORMED_ESCAPE.test(raw)) return ambiguousPath(raw);
  const decoded = decode(raw);
  if (decoded === undefined || SUSPICIOUS_DECODED.test(decoded) || hasLookalikes(decoded)) return ambiguousPath(raw);
  return { raw, decoded, ambiguous: false };
}

/** Attack: where nobody looks at it decoded, sixteen kilobytes need not be decoded. */
function ambiguousPath(raw: string): ForwardedPath {
  return { raw, decoded: raw, ambiguous: true };
}

/** `undefined`: it holds bytes that are no UTF-8. */
function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
