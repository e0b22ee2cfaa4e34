/** Writes the matrix of docs/providers.md from what the tests measure; `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COLUMNS, MATRIX } from '../test/providers/matrix.ts';

const BEGIN = '<!-- matrix: written by npm run docs:providers -->';
const END = '<!-- end of matrix -->';
const page = fileURLToPath(new URL('../docs/providers.md', import.meta.url));

/** @throws Error where the page does not have the two marks */
export function withMatrix(text: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/providers.md needs the lines ${BEGIN} and ${END}`);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = Object.entries(MATRIX).map(([name, { version, cells }]) =>
    line([`${name} ${version}`, ...COLUMNS.map((column) => cells[column])]),
  );
  const table = [line(['', ...COLUMNS]), line(['', ...COLUMNS].map(() => '---')), ...rows].join('\n');
  return `${text.slice(0, begin)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`;
}

const before = readFileSync(page, 'utf8');
const after = withMatrix(before);
if (before !== after && process.argv.includes('--check')) {
  console.error('docs/providers.md: the matrix is not up to date: run npm run docs:providers');
  process.exitCode = 1;
} else if (before !== after) {
  writeFileSync(page, after);
}
