/** Reads the examples of docs/header-authentication.md: what users type, and what operators change in a proxy's files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../docs/fences.ts';

export const text = readFileSync(join(root, 'docs/header-authentication.md'), 'utf8');

/** The blocks of code in a language, by the heading above them. */
export function examples(language: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const section of text.split(/^#+ /m)) {
    const heading = section.slice(0, section.indexOf('\n'));
    const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))];
    if (blocks.length > 0)
      found.set(
        heading,
        blocks.map(([, code]) => code!),
      );
  }
  return found;
}

/** One example for users, with the site's and the provider's addresses in place of the document's. */
export function example(heading: string, at: number, site: { origin: string; token: string }): string {
  const code = examples('sh').get(heading)?.[at];
  if (code === undefined) throw new Error(`the document has no example ${at} below "${heading}"`);
  return code
    .replaceAll('https://files.example.com', site.origin)
    .replaceAll('registry.example.com', new URL(site.origin).host)
    .replaceAll('machine files.example.com', `machine ${new URL(site.origin).hostname}`)
    .replaceAll('https://auth.example.com/application/o/token/', site.token);
}

/** The diffs of the document, by the file that their first line names (`--- file`). */
export function diffs(): Map<string, string> {
  const all = [...examples('diff').values()].flat().filter((code) => code.startsWith('--- '));
  return new Map(all.map((code) => [code.slice(4, code.indexOf('\n')), code.slice(code.indexOf('\n') + 1)]));
}

/** Applies a diff that only adds lines; a line with `…` separates places. The lines around must be in the file, once. */
export function applyDiff(file: string, diff: string): string {
  return diff.split(/^…\n/m).reduce((result, place) => {
    const lines = place.split('\n').slice(0, -1);
    const old = lines.filter((line) => !line.startsWith('+')).map((line) => `${line.slice(1)}\n`);
    const parts = result.split(old.join(''));
    if (parts.length !== 2) throw new Error(`not once in the file: ${old.join('')}`);
    return parts.join(lines.map((line) => `${line.slice(1)}\n`).join(''));
  }, file);
}
