/** The threat model names tests that are there: each row of its table of attacks has a file of `src` and a test by name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
const section = /^## Attacks$([\s\S]*?)^## /m.exec(page)![1]!;
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (attack|---|\*\*)/.test(line))
  .map((line) => {
    const [, attack, letters, stops, tests] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return { attack: attack!, letters: letters!, stops: stops!, tests: tests! };
  });

/** Code with the quotes in its texts as they are read. */
const readCode = (path: string) => readFileSync(path, 'utf8').replaceAll('\\', '');

test('each attack has a letter, and a file that stops it', () => {
  expect(rows.length).toBeGreaterThan(40);
  const wrong = rows.filter(({ letters, stops }) => {
    const files = [...stops.matchAll(/`([\w./-]+)`/g)].map(([, path]) => path!);
    const isThere = (path: string) => ['src', '.'].some((folder) => existsSync(join(root, folder, path)));
    return !/^[STRIDE]( [STRIDE])*$/.test(letters) || !(files.every(isThere) && /`|the same files/.test(stops));
  });
  expect(wrong).toEqual([]);
});

test('each attack has a test, by its file and a part of its name', () => {
  const wrong = rows.flatMap(({ attack, tests }) => {
    const named = tests.split(/(?<="); (?=`)/).map((one) => /^`([\w./-]+)` "(.+)"$/.exec(one));
    return named.flatMap((match) => {
      const [, file = '', name = ''] = match ?? [];
      const path = join(root, 'test', file);
      const isThere = file !== '' && existsSync(path) && readCode(path).includes(name);
      return isThere ? [] : [`${attack}: ${tests}`];
    });
  });
  expect(wrong).toEqual([]);
});
