import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batchPerTick } from '../../src/async/batch.ts';

const never = () => {
  throw new Error('no item was to be abandoned');
};

test('items of one tick are worked on together, in order and once', async () => {
  const done: number[][] = [[]];
  const work = batchPerTick((number: number) => done.at(-1)!.push(number), never);
  for (const number of [1, 2, 3]) work(number);
  expect(done).toEqual([[]]);
  await nextTick();
  done.push([]);
  work(4);
  await nextTick();
  expect(done).toEqual([[1, 2, 3], [4]]);
});

test('an item that comes while the others are worked on has a tick of its own', async () => {
  const done: string[] = [];
  const work = batchPerTick((name: string) => {
    done.push(name);
    if (name === 'first') work('late');
  }, never);
  work('first');
  work('second');
  await nextTick();
  expect(done).toEqual(['first', 'second']);
  await nextTick();
  expect(done).toEqual(['first', 'second', 'late']);
});

test('an item that throws is abandoned alone, and the others still run', async () => {
  const done: string[] = [];
  const work = batchPerTick(
    (name: string) => {
      if (name === 'bad') throw new Error('bad');
      done.push(name);
    },
    (name) => done.push(`abandoned ${name}`),
  );
  for (const name of ['one', 'bad', 'two']) work(name);
  await nextTick();
  expect(done).toEqual(['one', 'abandoned bad', 'two']);
});
