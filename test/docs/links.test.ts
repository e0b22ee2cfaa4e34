/** Links in the documentation lead somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPages, root } from './fences.ts';

const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
const linksOf = (text: string) => [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);

/** As GitHub makes them: lower case, letters, digits, `-` and `_`, spaces as dashes; a second one of the same name gets `-1`. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const titles = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)];
  return titles.map(([, title]) => {
    const plain = title!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}-${times}`;
  });
}

test('links to files and to headings lead somewhere', () => {
  const broken = readPages().flatMap(({ path, text }) =>
    linksOf(text)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#') as [string, string?];
        const to = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, to))) return true;
        return anchor !== undefined && !anchorsOf(readFileSync(join(root, to), 'utf8')).includes(anchor);
      })
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every page below docs/ can be reached from its index, or from that of its folder', () => {
  const pages = readPages();
  const linkedFrom = (path: string) => {
    const index = pages.find((page) => page.path === path)!;
    return linksOf(index.text).map((target) => join(dirname(path), target));
  };
  const linked = ['docs/README.md', 'docs/proxies/README.md', 'docs/recipes/README.md'].flatMap(linkedFrom);
  const missing = pages
    .map(({ path }) => path)
    .filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
    .filter((path) => !linked.some((target) => path === target || (target.endsWith('/') && path.startsWith(target))));
  expect(missing).toEqual([]);
});
