/** Writes the matrices of the documentation from what the tests measure; `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as proxies from '../test/integration/matrix.ts';
import * as providers from '../test/providers/matrix.ts';

const BEGIN = '<!-- matrix: written by npm run docs:matrix -->';
const END = '<!-- end of matrix -->';

/** @throws Error where the page does not have the two marks */
function withTable(page: string, text: string, rows: string[][]): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${page} needs the lines ${BEGIN} and ${END}`);
  const [head = [], ...others] = rows;
  const table = [head, head.map(() => '---'), ...others].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${text.slice(0, begin)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`;
}

const PAGES: Record<string, string[][]> = {
  'docs/providers.md': [
    ['', ...providers.COLUMNS],
    ...Object.entries(providers.MATRIX).map(([name, { version, cells }]) => [
      `${name} ${version}`,
      ...providers.COLUMNS.map((column) => cells[column]),
    ]),
  ],
  'docs/proxies/README.md': [
    ['', ...proxies.COLUMNS],
    ...Object.values(proxies.MATRIX).map(({ title, page, cells }) => [
      `[${title}](${page})`,
      ...proxies.COLUMNS.map((column) => cells[column]),
    ]),
  ],
};

for (const [page, rows] of Object.entries(PAGES)) {
  const file = fileURLToPath(new URL(`../${page}`, import.meta.url));
  const before = readFileSync(file, 'utf8');
  const after = withTable(page, before, rows);
  if (before === after) continue;
  if (process.argv.includes('--check')) {
    console.error(`${page}: the matrix is not up to date: run npm run docs:matrix`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
  }
}
