/** The variants of a path: what proxies, frameworks and file systems are known to make of it. Pure. */

/**
 * A path with more variants, or with more characters in all of them, is an attack: it has no variant that a rule could
 * match.
 */
const MAX_VARIANTS = 64;
/**
 * Attack: sixteen kilobytes that every normalisation changes took 20 ms. Four kilobytes may still have twelve variants.
 */
const MAX_CHARS = 48 * 1024;

/**
 * The variants of `raw`, each normalisation applied to the results of the others; `raw` first, none where there are too
 * many.
 */
export function pathVariants(raw: string): string[] {
  const variants = new Set([raw]);
  let characters = raw.length;
  for (const variant of variants) {
    for (const normalize of NORMALIZATIONS) {
      const other = normalize(variant);
      if (other === variant || variants.has(other)) continue;
      variants.add(other);
      characters += other.length;
      if (variants.size > MAX_VARIANTS || characters > MAX_CHARS) return [];
    }
  }
  return [...variants];
}

const NORMALIZATIONS: ((path: string) => string)[] = [
  percentDecode,
  (path) => resolveDots(path, false),
  // Attack: `/x%2fy/%2e%2e/admin` is `/admin` to a program that resolves dots before it decodes the slash (Envoy,
  // WHATWG's URL), and `/x/admin` to one that resolves them after; Tomcat, set to pass encoded slashes through, decodes
  // all but these.
  (path) => resolveDots(path, true),
  (path) => percentDecode(path.replace(/%2f/gi, '%252f')),
  decodeOverlong,
  // Attack: `/%u0061dmin` is `/admin` to IIS.
  (path) => path.replace(/%u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  // Attack: to a program that parses the request target as a reference (`new URL(target, base)`, `parse_url`,
  // `urlsplit`), `//x/admin` is `/admin` on the host `x`.
  (path) => (path.startsWith('//') ? path.replace(/^\/+[^/]*\/?/, '/') : path),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/[#\0].*$/s, ''),
  (path) => path.replace(/\?.*$/s, ''),
  foldLookalikes,
  // Attack: `/x/..%20/admin`: Windows drops spaces and dots at the end of a name.
  (path) => path.replace(/\/\s*\.\s*\.[\s.]*(?=\/|$)/g, '/..'),
];

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

/** Decodes every valid escape once; bytes that are no UTF-8 become U+FFFD. */
function percentDecode(path: string): string {
  if (!path.includes('%')) return path;
  const bytes = Buffer.from(path, 'utf8');
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const code = bytes[i] === 0x25 ? hexByte(bytes, i + 1) : -1;
    bytes[length] = code < 0 ? (bytes[i] as number) : code;
    length += 1;
    if (code >= 0) i += 2;
  }
  return bytes.toString('utf8', 0, length);
}

/** The byte that two hex digits stand for, -1 where they are none. */
function hexByte(bytes: Buffer, at: number): number {
  const high = hexDigit(bytes[at]);
  const low = hexDigit(bytes[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Attack: `%c0%af`, `%e0%80%af`: a character in more bytes than it needs (RFC 3629, section 10), which old decoders
 * take for `/`.
 */
function decodeOverlong(path: string): string {
  return path.replace(/%(?:c([01])|e0%(8[01]))%([89ab][0-9a-f])/gi, (_, two, three, last) => {
    const high = two === undefined ? Number.parseInt(three, 16) & 1 : Number(two);
    return String.fromCharCode((high << 6) | (Number.parseInt(last, 16) & 0x3f));
  });
}

/**
 * Attack: characters that become `/` or `.` where a text is made to fit another alphabet (Unicode's NFKC, Windows' best
 * fit).
 */
function foldLookalikes(path: string): string {
  return path
    .replace(/[\uff0f\u2215\u2044\uff3c\ufe68\u2216]/g, '/')
    .replace(/[\uff0e\ufe52\u2024]/g, '.')
    .replaceAll('\u2025', '..');
}
