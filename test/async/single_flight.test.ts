import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSingleFlight } from '../../src/async/single_flight.ts';

function countedWork() {
  let runs = 0;
  return async () => {
    const run = ++runs;
    await sleep(5);
    return run;
  };
}

test('callers of one key share the work, callers of another key do not, and a later caller starts anew', async () => {
  const flights = createSingleFlight<number>();
  const work = countedWork();
  const calls = ['a', 'a', 'b', 'a'].map((key) => flights.run(key, work));
  expect(await Promise.all(calls)).toEqual([1, 1, 2, 1]);
  expect(await flights.run('a', work)).toBe(3);
});

test('an error is shared, and not kept', async () => {
  const flights = createSingleFlight<number>();
  const fail = async () => {
    throw new Error('failed');
  };
  const calls = [flights.run('a', fail), flights.run('a', async () => 1)];
  for (const call of calls) await expect(call).rejects.toThrow('failed');
  expect(await flights.run('a', async () => 2)).toBe(2);
});

test('work that is forgotten is not joined any more, and its end leaves the next one alone', async () => {
  const flights = createSingleFlight<number>();
  let endFirst: (result: number) => void = () => undefined;
  const first = flights.run('a', () => new Promise((resolve) => (endFirst = resolve)));
  flights.forget('a');
  const second = flights.run('a', () => sleep(20, 2));
  endFirst(1);
  expect(await first).toBe(1);
  expect(await flights.run('a', async () => 3)).toBe(2);
  expect(await second).toBe(2);
});

test('idle resolves when all work has ended, whether well or not', async () => {
  const flights = createSingleFlight<number>();
  let ended = 0;
  const work = async () => {
    await sleep(5);
    ended++;
    if (ended === 1) throw new Error('failed');
    return ended;
  };
  flights.run('a', work).catch(() => undefined);
  flights.run('b', work).catch(() => undefined);
  await flights.idle();
  expect(ended).toBe(2);
  expect(flights.get('a')).toBeUndefined();
});
