/** Each check has its section in the manual, and is of a known name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/check.ts';

const page = readFileSync(join(fileURLToPath(new URL('../../docs/doctor.md', import.meta.url))), 'utf8');

it('the manual has a row for each check, and none for another', () => {
  const rows = [...page.matchAll(/^\| <a id="[\w.]+"><\/a>`([\w.]+)` \|/gm)].map(([, id]) => id);
  expect(rows).toEqual(Object.keys(CHECKS));
});

it('each row has a cause and a remedy', () => {
  for (const [row] of page.matchAll(/^\| <a id=.*$/gm)) {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect(cells, row).toHaveLength(6);
    for (const cell of cells.slice(1, 5)) expect(cell, row).not.toBe('');
  }
});
