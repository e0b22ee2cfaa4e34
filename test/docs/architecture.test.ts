/** The page on the architecture is true of the code: its files are there, and its table of time limits is complete. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPages, root } from './fences.ts';

const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const toMs = (value: string) =>
  value.split(' … ').map((one) => {
    const [amount, unit] = one.split(' ') as [string, string];
    return Math.round(Number(amount) * UNITS_MS[unit]!);
  });

/** Numbers of a constant that is a number, a product or a list; `undefined` for anything else. */
function numbersOf(expression: string): number[] | undefined {
  if (!/^\[?[\d_.,* ]+\]?$/.test(expression)) return undefined;
  return expression
    .replace(/[[\]_]/g, '')
    .split(',')
    .map((one) => one.split('*').reduce((product, factor) => product * Number(factor), 1));
}

/** `file name value` of every constant in `src/` that is a time, in milliseconds; a list is its first and last. */
function timesInCode(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const code = readFileSync(join(root, 'src', file), 'utf8');
    const constants = [...code.matchAll(/^(?:export )?const ([A-Z_]+)(?:: [^=]+)? = (.+);$/gm)];
    return constants.flatMap(([, name, expression]) => {
      const numbers = numbersOf(expression!);
      if (!numbers || !(/_(MS|SECONDS)$/.test(name!) || isListed(file, name!))) return [];
      const factor = name!.endsWith('_SECONDS') ? 1000 : 1;
      const ends = numbers.length === 1 ? numbers : [numbers[0]!, numbers.at(-1)!];
      return `${file} ${name} ${ends.map((one) => one * factor).join(' … ')}`;
    });
  });
}

const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| `([^`]+)` \|/gm)].map(([, name, value, file]) => ({
  name: name!,
  value: value!,
  file: file!,
}));
const isListed = (file: string, name: string) => rows.some((row) => row.file === file && row.name === name);

test('the table of time limits names every time constant with its value', () => {
  const listed = rows.map(({ name, value, file }) => `${file} ${name} ${toMs(value).join(' … ')}`);
  expect(listed.sort()).toEqual(timesInCode().sort());
});

test('files that a page names are there', () => {
  const pages = readPages().filter(({ path }) => /^docs\/(architecture|threat-model)\.md$/.test(path));
  expect(pages).toHaveLength(2);
  const missing = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src\/|test\/)?[a-z_]+\/[\w/.-]+\.ts)`/g)]
      .map(([, name]) => name!)
      .filter((name) => !['', 'src', 'test'].some((folder) => existsSync(join(root, folder, name))))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});
