/** Versions as Python's `packaging` reads and compares them (PEP 440). */

const PATTERN = new RegExp(
  [
    '^\\s*v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)',
    '(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\\d+)?)?',
    '(?<post>-(?<postImplicit>\\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\\d+)?)?',
    '(?<dev>[-_.]?dev[-_.]?(?<devNumber>\\d+)?)?',
    '(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\\s*$',
  ].join(''),
  'i',
);

/** Compared part by part, each part item by item. */
export type Version = readonly (readonly (number | string)[])[];

const PRE: Record<string, number> = { a: 1, alpha: 1, b: 2, beta: 2, c: 3, rc: 3, pre: 3, preview: 3 };
const LOWEST = Number.NEGATIVE_INFINITY;
const HIGHEST = Number.POSITIVE_INFINITY;

/** Throws on what is no version, as the original does. */
export function parseVersion(text: string): Version {
  const found = PATTERN.exec(text)?.groups;
  if (!found) throw new Error(`Invalid version: '${text}'`);
  const number = (value: string | undefined) => Number(value ?? 0);
  const release = found.release!.split('.').map(Number);
  while (release.length > 1 && release.at(-1) === 0) release.pop();
  const onlyDev = found.pre === undefined && found.post === undefined && found.dev !== undefined;
  const pre = found.pre ? [PRE[found.pre.toLowerCase()]!, number(found.preNumber)] : [onlyDev ? LOWEST : HIGHEST];
  const post = found.post === undefined ? LOWEST : number(found.postImplicit ?? found.postNumber);
  const dev = found.dev === undefined ? HIGHEST : number(found.devNumber);
  return [[number(found.epoch)], release, pre, [post], [dev], localParts(found.local)];
}

const localParts = (local: string | undefined) =>
  (local?.toLowerCase().split(/[-_.]/) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** Below 0: `one` is older. */
export function compareVersions(one: Version, other: Version): number {
  for (let part = 0; part < one.length; part += 1) {
    const difference = compareParts(one[part]!, other[part]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareParts(one: Version[number], other: Version[number]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [left, right] = [one[at], other[at]];
    if (left === right) continue;
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    // A number of a local version is newer than a word.
    if (typeof left !== typeof right) return typeof left === 'number' ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return 0;
}
