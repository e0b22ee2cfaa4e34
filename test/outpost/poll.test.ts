import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { createPoll, type Poll } from '../../src/outpost/poll.ts';

const MINUTE_MS = 60_000;
let poll: Poll | undefined;

afterEach(() => poll?.close());

/** Work that ends when it is told to. */
function slowWork(pauseMs = MINUTE_MS) {
  const ends: (() => void)[] = [];
  const work = vi.fn(() => new Promise<number>((resolve) => ends.push(() => resolve(pauseMs))));
  return { work, end: () => ends.shift()?.() };
}

const settled = () => sleep(20);

test('a hundred wishes at once are one piece of work, and a hundred during it are one more', async () => {
  const { work, end } = slowWork();
  poll = createPoll(work);
  for (let count = 0; count < 100; count += 1) poll.trigger();
  await settled();
  expect(work).toHaveBeenCalledTimes(1);
  for (let count = 0; count < 100; count += 1) poll.trigger();
  await settled();
  expect(work).toHaveBeenCalledTimes(1);
  end();
  await settled();
  expect(work).toHaveBeenCalledTimes(2);
  end();
  await settled();
  expect(work).toHaveBeenCalledTimes(2);
});

test('the pause is the one that the work names, and a wish cuts it short', async () => {
  const work = vi.fn(async () => MINUTE_MS);
  poll = createPoll(work);
  poll.trigger();
  await settled();
  expect(work).toHaveBeenCalledTimes(1);
  poll.trigger(MINUTE_MS * 2);
  poll.trigger(1);
  await settled();
  expect(work).toHaveBeenCalledTimes(2);
});

test('work comes again by itself', async () => {
  const work = vi.fn(async () => 1);
  poll = createPoll(work);
  poll.trigger();
  await vi.waitFor(() => expect(work.mock.calls.length).toBeGreaterThan(3));
});

test('its end waits for the work that runs, and nothing begins any more', async () => {
  const { work, end } = slowWork(1);
  poll = createPoll(work);
  poll.trigger();
  await settled();
  poll.trigger();
  let isClosed = false;
  const closing = poll.close().then(() => {
    isClosed = true;
  });
  await settled();
  expect(isClosed).toBe(false);
  end();
  await closing;
  poll.trigger();
  await settled();
  expect(work).toHaveBeenCalledTimes(1);
});
