import { expect, test } from 'vitest';
import { createSlots } from '../../src/async/slots.ts';

/** Work that ends when it is told to. */
function createWork() {
  const ends: (() => void)[] = [];
  let started = 0;
  return {
    ends,
    started: () => started,
    run: () => {
      started++;
      return new Promise<void>((resolve) => ends.push(resolve));
    },
  };
}
const tick = () => new Promise(setImmediate);

test('no more than so many run at once, and those that wait come in their order', async () => {
  const inTurn = createSlots(2, 10);
  const work = createWork();
  const order: number[] = [];
  const all = [0, 1, 2, 3, 4].map((at) =>
    inTurn(() => {
      order.push(at);
      return work.run();
    }),
  );
  await tick();
  expect(order).toEqual([0, 1]);
  work.ends.shift()!();
  await tick();
  expect(order).toEqual([0, 1, 2]);
  while (work.ends.length > 0) {
    work.ends.shift()!();
    await tick();
  }
  await Promise.all(all);
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test('who finds too many waiting is refused at once', async () => {
  const inTurn = createSlots(1, 1);
  const work = createWork();
  const all = [inTurn(work.run), inTurn(work.run)];
  expect(inTurn(work.run)).toBeUndefined();
  await tick();
  work.ends.shift()!();
  await tick();
  work.ends.shift()!();
  await Promise.all(all);
  const last = inTurn(async () => 'done');
  expect(await last).toBe('done');
});

test('work that fails gives its place back', async () => {
  const inTurn = createSlots(1, 1);
  const failing = inTurn(() => Promise.reject(new Error('no')));
  const next = inTurn(async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});
