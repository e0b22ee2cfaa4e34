/**
 * How a path can be read. A proxy, a framework and a file system do not agree on `%2f`, `..;/` or `\`:
 * whoever judges one reading while the application acts on another has no lock on the door.
 */

/** One forwarded path with everything that something downstream might take it for. */
export interface ForwardedPath {
  /** As it came, bytes above ASCII percent-encoded. */
  raw: string;
  /** Percent-decoded once, as Go's `URL.Path`, which authentik's patterns are written for. */
  decoded: string;
  /** Somebody downstream could read it in another way: it opens nothing. */
  ambiguous: boolean;
  /** Every reading, `raw` first; none where there are too many to try. */
  readings: readonly string[];
}

// Attack: `/public/..%2fadmin`, `/public//../admin`, `/public/..;/admin`, `/public\..\admin`, `/admin#/public`.
const oddRaw = /[\\;#]|\/\/|\/[.]+(?:\/|$)/;
// Attack: `/......x%20` with 16,000 dots. Were there two ways to share them out, each pair of places would be tried: 0.4 s.
const oddDecoded = /[\\;#?\0-\x1f\x7f]|\/\/|\/\s*[.][.\s]*(?:\/|$)/;
// Attack: what no honest client encodes: `/`, `\`, NUL and controls; letters and digits (`/%61dmin` against
// `^/[^a]`); a percent sign before two more hex digits (decoded twice downstream).
const oddEncoded = /%(?:2f|5c|3b|23|3f|[01][0-9a-f]|7f|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|25[0-9a-f]{2})/i;
const malformed = /%(?![0-9a-f]{2})/i;

/** More readings than this and the path is a trick: no reading is left to be judged. */
const mostReadings = 32;

/** Reads a path. Pure; the plain path of an honest client takes one regular expression. */
export function readPath(raw: string): ForwardedPath {
  const odd = oddRaw.test(raw);
  if (!odd && !raw.includes('%')) return { raw, decoded: raw, ambiguous: false, readings: [raw] };
  const decoded = decode(raw);
  const ambiguous =
    odd || decoded === undefined || malformed.test(raw) || oddEncoded.test(raw) || oddDecoded.test(decoded);
  if (!ambiguous) return { raw, decoded, ambiguous, readings: decoded === raw ? [raw] : [raw, decoded] };
  return { raw, decoded: decoded ?? raw, ambiguous, readings: everyReading(raw) };
}

/** All that `raw` may become under the known ways of reading, each applied to the results of the others. */
function everyReading(raw: string): string[] {
  const readings = new Set([raw]);
  for (const reading of readings) {
    for (const read of waysToRead) readings.add(read(reading));
    if (readings.size > mostReadings) return [];
  }
  return [...readings];
}

const waysToRead: ((path: string) => string)[] = [
  lenientDecode,
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/[#\0].*$/s, ''),
  (path) => path.replace(/\?.*$/s, ''),
  resolveDots,
];

/** Removes dot segments (RFC 3986, section 5.2.4); never climbs above the root. */
function resolveDots(path: string): string {
  if (!/\/[.]{1,2}(?:\/|$)/.test(path)) return path;
  const segments = path.split('/').slice(1);
  const out: string[] = [];
  segments.forEach((segment, index) => {
    if (segment === '..') out.pop();
    if (segment !== '.' && segment !== '..') out.push(segment);
    else if (index === segments.length - 1) out.push('');
  });
  return `/${out.join('/')}`;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Decodes what can be decoded; bytes that are no UTF-8 (overlong slashes among them) become the characters they pretend to be. */
function lenientDecode(path: string): string {
  return (
    path
      .replace(/%c0%af/gi, '/')
      .replace(/%c0%ae/gi, '.')
      // Attack: `/%u0061dmin` is `/admin` to IIS.
      .replace(/%u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
  );
}
