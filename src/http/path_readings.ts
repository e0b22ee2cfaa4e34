/** The readings of a path: what proxies, frameworks and file systems are known to make of it. Pure. */
import { decodeBytes, decodeOverlong, decodeUnicodeEscapes, percentDecode } from './percent.ts';

/**
 * However short they are: each takes a dozen normalisations to find the next. An honest path has up to a dozen
 * (`/caf%e9%2Fmenu;v=2`).
 */
const MAX_READINGS = 16;

/**
 * The readings of `raw`, each normalisation applied to the results of the others; `raw` first.
 *
 * @param maxChars of all readings together
 * @returns none where there are more: an honest client needs few
 */
export function pathReadings(raw: string, maxChars: number): readonly string[] {
  if (raw.length > maxChars) return [];
  const readings = new Set([raw]);
  let characters = raw.length;
  for (const reading of readings) {
    for (const normalize of NORMALIZATIONS) {
      const other = normalize(reading);
      if (other === reading || readings.has(other)) continue;
      readings.add(other);
      characters += other.length;
      if (characters > maxChars || readings.size > MAX_READINGS || hasLongMarks(other)) return [];
    }
  }
  return [...readings];
}

/** Each gives its argument back, at the cost of a search, where it finds nothing to do. */
const NORMALIZATIONS: ((path: string) => string)[] = [
  percentDecode,
  (path) => resolveDots(path, false),
  // Attack: `/admin/.` is `/admin/` to RFC 3986, and `/admin` to a file system.
  (path) => (/\/\.{1,2}$/.test(path) ? resolveDots(path, false).replace(/(.)\/$/, '$1') : path),
  // Attack: `/x%2fy/%2e%2e/admin` is `/admin` to a program that resolves dots before it decodes the slash (Envoy,
  // WHATWG's URL), and `/x/admin` to one that resolves them after; Tomcat, set to pass encoded slashes through, decodes
  // all but these.
  (path) => (path.includes('%') ? resolveDots(path, true) : path),
  (path) => (/%2f/i.test(path) ? percentDecode(path.replace(/%(2f)/gi, '%25$1')) : path),
  decodeOverlong,
  decodeUnicodeEscapes,
  decodeBytes,
  (path) => (path.includes('\\') ? path.replaceAll('\\', '/') : path),
  (path) => (path.includes('//') ? path.replace(/\/{2,}/g, '/') : path),
  // Attack: to a program that parses the request target as a reference (`new URL(target, base)`, `parse_url`,
  // `urlsplit`), `//x/admin` is `/admin` on the host `x`.
  (path) => (path.startsWith('//') ? path.replace(/^\/+[^/]*\/?/, '/') : path),
  (path) => (path.includes(';') ? path.replace(/;[^/]*/g, '') : path),
  // Attack: `/admin;/public/`, whose parameters end with the path to a program that looks for `;jsessionid=`.
  (path) => cutAt(path, ';'),
  (path) => cutAt(path, '?'),
  (path) => cutAt(path, '#'),
  (path) => cutAt(path, '\0'),
  // Attack: `/public/.%09./admin`: the URL standard drops tabs and line ends, others drop every control.
  (path) => (/[\0-\x1f\x7f]/.test(path) ? path.replace(/[\0-\x1f\x7f]/g, '') : path),
  foldLookalikes,
  dropInvisible,
  // Attack: `/x/..%20/admin`: Windows drops spaces and dots at the end of a name.
  (path) => (path.includes('.') ? path.replace(/\/\s*\.\s*\.[\s.]*(?=\/|$)/g, '/..') : path),
];

function cutAt(path: string, mark: string): string {
  const at = path.indexOf(mark);
  return at < 0 ? path : path.slice(0, at);
}

/** `.` or `..` that is spelled so, or with `encoded` percent-encoded too; 0: a name. */
function dotsOf(segment: string, encoded: boolean): number {
  if (segment === '.' || segment === '..') return segment.length;
  if (!encoded || segment.length > 6 || !/^(?:\.|%2e){1,2}$/i.test(segment)) return 0;
  return segment.replace(/%2e/gi, '.').length;
}

/** Removes dot segments (RFC 3986, section 5.2.4); never climbs above the root. */
function resolveDots(path: string, encoded: boolean): string {
  if (!(encoded ? /\/(?:\.|%2e)/i : /\/\./).test(path)) return path;
  const segments = path.split('/').slice(1);
  const out: string[] = [];
  segments.forEach((segment, index) => {
    const dots = dotsOf(segment, encoded);
    if (dots === 2) out.pop();
    if (dots === 0) out.push(segment);
    else if (index === segments.length - 1) out.push('');
  });
  return `/${out.join('/')}`;
}

const BEYOND_ASCII = /[^\0-\x7f]/;
/** Windows' best fit for an alphabet makes `/` and `\` of these, which compatibility normalisation leaves alone. */
const BEST_FIT = /[\u2215\u2044\u2216\u00a5\u20a9]/;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/**
 * Attack: characters that become `/`, `.`, `..`, `\`, `;`, `%` or a letter where a text is made to fit: U+FE30 is `..`,
 * U+FF0F is `/` (Unicode's NFKC; Windows' best fit).
 */
function foldLookalikes(path: string): string {
  if (!BEYOND_ASCII.test(path)) return path;
  const folded = path.normalize('NFKC');
  return BEST_FIT.test(folded) ? folded.replace(new RegExp(BEST_FIT, 'g'), '/') : folded;
}

/** Attack: `/public/.%e2%80%8b./admin`, whose two dots have a space of no width between them that HFS+ and UTS 46 drop. */
function dropInvisible(path: string): string {
  if (!BEYOND_ASCII.test(path) || !INVISIBLE.test(path)) return path;
  return path.replace(new RegExp(INVISIBLE, 'gu'), '');
}

/** No text has more marks on one letter (Unicode's stream-safe text format, UAX #15, section 13). */
const MAX_MARKS = 30;

/**
 * Attack: normalisation sorts the marks of a letter: with 2,600 marks on one, sixteen kilobytes of path took 10 ms. Such
 * a path is not normalised, and has too many readings.
 */
function hasLongMarks(path: string): boolean {
  if (path.length <= MAX_MARKS || !BEYOND_ASCII.test(path)) return false;
  return path.match(/\p{M}+/gu)?.some((marks) => marks.length > MAX_MARKS) ?? false;
}

/** Whether there are characters in a decoded path that a program could take for others. */
export function hasLookalikes(decoded: string): boolean {
  if (!BEYOND_ASCII.test(decoded)) return false;
  if (BEST_FIT.test(decoded) || INVISIBLE.test(decoded) || hasLongMarks(decoded)) return true;
  return decoded.normalize('NFKC') !== decoded;
}
