/** The diffs of one section of a page in docs/proxies: what an operator changes in the shipped files. */

interface Change {
  /** The shipped file, as the diff names it. */
  file: string;
  /** @throws Error where a hunk fits nowhere */
  change(text: string): string;
}

const side = (hunk: string[], other: '+' | '-') =>
  hunk.flatMap((line) => (line.startsWith(other) ? [] : `${line.slice(1)}\n`)).join('');

/**
 * A diff is `--- file`, `+++ file` and hunks with `…` between them. A hunk that fits twice (two hosts) is applied twice.
 * @param isMeant which section
 */
export function changesOf(page: string, isMeant: (heading: string) => boolean): Change[] {
  const section = page.split(/^## /m).find((part) => isMeant(part.slice(0, part.indexOf('\n')))) ?? '';
  const fences = [...section.matchAll(/^```diff\n--- (.+)\n\+\+\+ \1\n([\s\S]*?)^```$/gm)];
  if (fences.length === 0) throw new Error('the page has no diff in its section');
  return fences.map(([, file = '', body = '']) => ({ file, change: (text) => applyHunks(file, body, text) }));
}

function applyHunks(file: string, body: string, text: string): string {
  let changed = text;
  for (const hunk of body.trimEnd().split('\n…\n')) {
    const lines = hunk.split('\n');
    const before = side(lines, '+');
    if (!changed.includes(before)) throw new Error(`nothing in ${file} is\n${before}`);
    changed = changed.replaceAll(before, () => side(lines, '-'));
  }
  return changed;
}
