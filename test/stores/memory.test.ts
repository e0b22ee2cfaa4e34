import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createClock, HOUR } from '../sessions/fixture.ts';
import { storeConformance } from './store.conformance.ts';

storeConformance('memory', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now);
  return {
    // One process has one: its clients share it.
    open: () => store,
    now: clock.now,
    pass: async (ms) => clock.pass(ms),
    async dump() {
      const records: unknown[] = [];
      for await (const keys of store.scan('')) {
        records.push(...(await Promise.all(keys.map(async (key) => [key, await store.get(key)]))));
      }
      return JSON.stringify(records.toSorted());
    },
    close: async () => {},
  };
});

afterEach(() => {
  vi.useRealTimers();
});

test('when memory is full the sessions that were idle longest are evicted, and no other record', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now, { sessions: 100_000 });
  await store.set('u:alice', 'signed-out', HOUR);
  for (let at = 0; at < 1000; at++) {
    await store.set(`s:${at}`, 'x'.repeat(800), HOUR);
    await store.get('s:0');
  }
  expect(store.size()).toBeLessThan(90);
  expect(await store.get('s:0')).toBeDefined();
  expect(await store.get('s:999')).toBeDefined();
  expect(await store.get('s:500')).toBeUndefined();
  // Attack: were the sign-out evicted, a client that fills the store would restore the sessions that it ended.
  expect(await store.get('u:alice')).toBe('signed-out');
  await store.close();
});

test('counters of refusals are bounded and evict no session and no mark of an accepted credential', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now, { counters: 100 });
  await store.set('s:1', 'session', HOUR);
  await store.set('k:1', '1', HOUR);
  for (let at = 0; at < 10_000; at++) await store.reserve(`c:${at}`, 'guess', 10, HOUR);
  expect(store.size()).toBe(102);
  // Attack: were the mark evicted, an attacker who invents user names would have accepted credentials counted as
  // guesses.
  expect(await store.get('k:1')).toBe('1');
  expect(await store.get('s:1')).toBe('session');
  await store.close();
});

test('expired records are removed though no request reads them', async () => {
  vi.useFakeTimers();
  const clock = createClock();
  const store = createMemoryStore(clock.now);
  for (const kind of ['s', 'u', 'g', 'l', 'j', 'c', 'a']) {
    await store.set(`${kind}:short`, 'value', HOUR);
    await store.set(`${kind}:long`, 'value', 3 * HOUR);
  }
  clock.pass(2 * HOUR);
  expect(store.size()).toBe(14);
  vi.advanceTimersByTime(2 * 60_000);
  expect(store.size()).toBe(7);
  await store.close();
});
