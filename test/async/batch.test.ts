import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batchPerTick } from '../../src/async/batch.ts';

const never = () => {
  throw new Error('nothing was to be given up');
};

test('what comes in one turn is worked off together, in order and once', async () => {
  const done: number[][] = [[]];
  const work = batchPerTick((number: number) => done.at(-1)!.push(number), never);
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
  const work = batchPerTick((name: string) => {
    done.push(name);
    if (name === 'first') work('late');
  }, never);
  work('first');
  work('second');
  await nextTurn();
  expect(done).toEqual(['first', 'second']);
  await nextTurn();
  expect(done).toEqual(['first', 'second', 'late']);
});

test('what fails is given up by itself, and the others are worked off', async () => {
  const done: string[] = [];
  const work = batchPerTick(
    (name: string) => {
      if (name === 'bad') throw new Error('bad');
      done.push(name);
    },
    (name) => done.push(`gave up ${name}`),
  );
  for (const name of ['one', 'bad', 'two']) work(name);
  await nextTurn();
  expect(done).toEqual(['one', 'gave up bad', 'two']);
});
