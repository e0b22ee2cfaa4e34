/**
 * The files for several sites have two as an example, `one` and `two`. What stands there for `one` and again for `two` is
 * written once for each site.
 */

/** The name of the first site, where it is no part of an address. */
export const ONE = /(?<![a-z.-])one(?![a-z.-])/g;

const TWIN = /(?<![a-z])one(?![a-z])/g;
const SECOND = /(?<![a-z])two(?![a-z])/;
/** In one line: `site_one or site_two`, `Host(…one…) || Host(…two…)`. */
const INLINE = /(\S*(?<![a-z])one(?![a-z])[^\s)]*\)?)( or | \|\| )(\S*(?<![a-z])two(?![a-z])[^\s)]*\)?)/g;
/** No block is longer. */
const MOST_LINES = 60;

const toTwo = (text: string) => text.replaceAll(TWIN, 'two');

/**
 * @param write the text of `one` for a site
 * @throws Error where something is left of `two`
 */
export function repeatTwins<Site>(
  text: string,
  sites: readonly Site[],
  write: (block: string, site: Site) => string,
): string {
  const lines = text.split('\n');
  const written: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const twin = findTwin(lines, at);
    if (twin) {
      const block = lines.slice(at, at + twin.length).join('\n');
      written.push(sites.map((site) => write(block, site)).join(twin.between));
      at += twin.next;
    } else {
      const line = lines[at] ?? '';
      const repeated = repeatInline(line, sites, write);
      if (repeated === line && SECOND.test(line) && !/^\s*#/.test(line))
        throw new Error(`what is for two of the sites has no twin: ${line}`);
      written.push(repeated);
      at++;
    }
  }
  return written.join('\n');
}

interface Twin {
  length: number;
  /** What stands between the two blocks. */
  between: string;
  /** How many lines both have. */
  next: number;
}

function findTwin(lines: readonly string[], at: number): Twin | undefined {
  for (let length = 1; length <= MOST_LINES && at + 2 * length <= lines.length; length++) {
    const block = lines.slice(at, at + length);
    const twin = block.map(toTwo).join('\n');
    if (twin === block.join('\n')) continue;
    for (const gap of [0, 1]) {
      const between = lines.slice(at + length, at + length + gap);
      if (!between.every((line) => /^(?:---)?$/.test(line))) continue;
      const second = lines.slice(at + length + gap, at + 2 * length + gap).join('\n');
      if (second === twin) return { length, between: ['', ...between, ''].join('\n'), next: 2 * length + gap };
    }
  }
  return undefined;
}

function repeatInline<Site>(line: string, sites: readonly Site[], write: (part: string, site: Site) => string): string {
  return line.replaceAll(INLINE, (whole, one: string, or: string, two: string) => {
    // An outer bracket belongs to the whole.
    const open = /^\((?=\w+\()/.exec(one)?.[0] ?? '';
    const first = one.slice(open.length);
    const close = two === toTwo(first) ? '' : two.slice(toTwo(first).length);
    if (toTwo(first) + close !== two) return whole;
    return `${open}${sites.map((site) => write(first, site)).join(or)}${close}`;
  });
}
