import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createClock, HOUR } from '../sessions/fixture.ts';
import { storeConformance } from './store.conformance.ts';

storeConformance('memory', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now);
  const keys: string[] = [];
  const set = store.set;
  store.set = (key, value, ttl) => {
    keys.push(key);
    return set(key, value, ttl);
  };
  return {
    // One process has one: its clients share it.
    open: () => store,
    now: clock.now,
    pass: async (ms) => clock.pass(ms),
    dump: async () => JSON.stringify(await Promise.all(keys.map(async (key) => [key, await store.get(key)]))),
    close: async () => {},
  };
});

afterEach(() => {
  vi.useRealTimers();
});

test('when memory is full the sessions that were idle longest go, and nobody else', async () => {
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
  // Were the sign-out evicted, whoever can fill the store could raise the sessions that it ended.
  expect(await store.get('u:alice')).toBe('signed-out');
  await store.close();
});

test('counters of refusals are bounded and push out no session', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now, { counters: 100 });
  await store.set('s:1', 'session', HOUR);
  for (let at = 0; at < 10_000; at++) await store.increment(`c:${at}`, HOUR);
  expect(store.size()).toBe(101);
  expect(await store.get('s:1')).toBe('session');
  await store.close();
});

test('expired rows are swept though nobody asks for them', async () => {
  vi.useFakeTimers();
  const clock = createClock();
  const store = createMemoryStore(clock.now);
  for (const kind of ['s', 'u', 'g', 'l', 'j', 'c']) {
    await store.set(`${kind}:short`, 'value', HOUR);
    await store.set(`${kind}:long`, 'value', 3 * HOUR);
  }
  clock.pass(2 * HOUR);
  expect(store.size()).toBe(12);
  vi.advanceTimersByTime(2 * 60_000);
  expect(store.size()).toBe(6);
  await store.close();
});
