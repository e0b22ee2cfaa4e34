import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atEndOfTurn } from '../../src/check/turn.ts';

test('what comes in one turn is worked off together, in order and once', async () => {
  const done: number[][] = [[]];
  const work = atEndOfTurn((number: number) => done.at(-1)!.push(number));
  for (const number of [1, 2, 3]) work(number);
  expect(done).toEqual([[]]);
  await nextTurn();
  done.push([]);
  work(4);
  await nextTurn();
  expect(done).toEqual([[1, 2, 3], [4]]);
});

test('what comes while the others are worked off has a turn of its own', async () => {
  const done: string[] = [];
  const work = atEndOfTurn((name: string) => {
    done.push(name);
    if (name === 'first') work('late');
  });
  work('first');
  work('second');
  await nextTurn();
  expect(done).toEqual(['first', 'second']);
  await nextTurn();
  expect(done).toEqual(['first', 'second', 'late']);
});
