import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batchPerTick, batchWhileBusy } from '../../src/async/batch.ts';

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

test.each([
  batchPerTick,
  batchWhileBusy,
])('an item that throws is abandoned alone, and the others still run: %o', async (batch) => {
  const done: string[] = [];
  const work = batch(
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

test('what nobody waits for is worked on with the next tick, or with several while each brings many', async () => {
  const done: number[] = [];
  const sizes: number[] = [];
  const work = batchWhileBusy((number: number) => done.push(number), never);
  work(0);
  await nextTick();
  expect(done).toEqual([0]);
  let number = 1;
  for (let tick = 0; tick < 3; tick += 1) {
    for (let i = 0; i < 20; i += 1, number += 1) work(number);
    await nextTick();
    sizes.push(done.length);
  }
  expect(sizes).toEqual([1, 1, 1]);
  await nextTick();
  expect(done).toEqual(Array.from({ length: 61 }, (_, at) => at));
});

test('however busy it is, nothing waits for more than 256 items or 16 ticks', async () => {
  const done: number[] = [];
  const work = batchWhileBusy((number: number) => done.push(number), never);
  for (let i = 0; i < 300; i += 1) work(i);
  await nextTick();
  expect(done).toHaveLength(300);
  let ticks = 0;
  for (; done.length === 300; ticks += 1) {
    for (let i = 0; i < 9; i += 1) work(i);
    await nextTick();
  }
  expect(ticks).toBe(17);
});
