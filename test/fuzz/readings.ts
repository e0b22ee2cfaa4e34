/** How a server may read a path: a reference of its own, in the simplest code, that shares nothing with `src/http`. */

const OVERLONG: [RegExp, string][] = [
  [/%c0%ae/gi, '.'],
  [/%c0%af/gi, '/'],
  [/%c1%9c/gi, '\\'],
];

function decode(text: string): string {
  const plain = OVERLONG.reduce((result, [bytes, character]) => result.replace(bytes, character), text);
  return plain.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** RFC 3986, section 5.2.4. */
function resolveDots(path: string): string {
  const segments = path.split('/');
  const result: string[] = [];
  segments.forEach((segment, at) => {
    const isDots = segment === '.' || segment === '..';
    if (segment === '..' && result.length > 1) result.pop();
    // A directory keeps its slash.
    if (!isDots) result.push(segment);
    else if (at === segments.length - 1) result.push('');
  });
  return result.join('/') || '/';
}

const STEPS: ((path: string) => string)[] = [
  resolveDots,
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/[#\0].*$/s, ''),
  (path) => path.normalize('NFKC'),
];
/** Far more than any path of the fuzz has. */
const MAX_READINGS = 2000;

/** Every reading of a raw path (without its query): each mixture of the steps, decoded at most twice. */
export function readingsOf(raw: string): string[] {
  const seen = new Map<string, number>([[raw, 0]]);
  for (const [path, decodes] of seen) {
    if (seen.size > MAX_READINGS) break;
    const next = STEPS.map((step) => [step(path), decodes] as const);
    if (decodes < 2) next.push([decode(path), decodes + 1]);
    for (const [reading, depth] of next) {
      const known = seen.get(reading);
      if (known !== undefined && known <= depth) continue;
      // Put at the end, so that it is looked at again with fewer decodings.
      seen.delete(reading);
      seen.set(reading, depth);
    }
  }
  return [...seen.keys()];
}
