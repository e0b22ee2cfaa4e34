/**
 * How a path can be read. A proxy, a framework and a file system do not agree on `%2f`, `..;/` or `\`: a rule that
 * matches one variant while the application serves another protects nothing.
 */
import { pathVariants } from './path_variants.ts';

/** A forwarded path with every variant that a program behind the proxy might take it for. */
export interface ForwardedPath {
  /** As it came, bytes above ASCII percent-encoded. */
  raw: string;
  /** Percent-decoded once, as Go's `URL.Path`, which authentik's patterns are written for. */
  decoded: string;
  /** A program behind the proxy could read it in another way: it opens nothing. */
  ambiguous: boolean;
  /** Every variant, `raw` first; none where there are too many to try. */
  variants: readonly string[];
}

// Attack: `/public/..%2fadmin`, `/public//../admin`, `/public/..;/admin`, `/public\..\admin`, `/admin#/public`.
const SUSPICIOUS_RAW = /[\\;#]|\/\/|\/[.]+(?:\/|$)/;
// Attack: `/......x%20` with 16,000 dots. Were there two ways to share them out, each pair of places would be tried:
// 0.4 s.
// Attack: `/public/..%ef%bc%8fadmin`, whose wide slash is a slash to a program that folds letters (NFKC, Windows' best
// fit), and such dots.
const SUSPICIOUS_DECODED =
  /[\\;#?\0-\x1f\x7f\uff0f\u2215\u2044\uff3c\ufe68\u2216]|\/\/|\/\s*[.\uff0e\ufe52\u2024\u2025][.\uff0e\ufe52\u2024\u2025\s]*(?:\/|$)/;
// Attack: escapes that no honest client makes: `/`, `\`, NUL and controls; letters and digits (`/%61dmin` against
// `^/[^a]`); a percent sign before two more hex digits (decoded twice downstream).
const SUSPICIOUS_ENCODED =
  /%(?:2f|5c|3b|23|3f|[01][0-9a-f]|7f|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|25(?:[0-9a-f]{2}|u))/i;
const MALFORMED_ESCAPE = /%(?![0-9a-f]{2})/i;

/** Reads a path. Pure; the plain path of an honest client takes one regular expression. */
export function parsePath(raw: string): ForwardedPath {
  const odd = SUSPICIOUS_RAW.test(raw);
  if (!odd && !raw.includes('%')) return { raw, decoded: raw, ambiguous: false, variants: [raw] };
  const decoded = decode(raw);
  const ambiguous =
    odd ||
    decoded === undefined ||
    MALFORMED_ESCAPE.test(raw) ||
    SUSPICIOUS_ENCODED.test(raw) ||
    SUSPICIOUS_DECODED.test(decoded);
  if (!ambiguous) return { raw, decoded, ambiguous, variants: decoded === raw ? [raw] : [raw, decoded] };
  return { raw, decoded: decoded ?? raw, ambiguous, variants: pathVariants(raw) };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
