import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoizePerTick } from '../../src/async/memoize.ts';

test('a result is computed once in a tick, and anew in the next one', async () => {
  let runs = 0;
  const count = memoizePerTick(() => ++runs);
  expect([count(), count(), await Promise.resolve().then(count)]).toEqual([1, 1, 1]);
  await nextTick();
  expect([count(), count()]).toEqual([2, 2]);
});

test('undefined is computed again', () => {
  const results = [undefined, undefined, 3];
  const shift = memoizePerTick(() => results.shift());
  expect([shift(), shift(), shift(), shift()]).toEqual([undefined, undefined, 3, 3]);
});
