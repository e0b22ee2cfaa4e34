/** The store that is counted is the store: the same results, errors and times. */
import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import type { StoreCallEvent } from '../../src/observe/counted_events.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { observeStore } from '../../src/stores/observed.ts';
import type { Store } from '../../src/stores/store.ts';

function observe(store: Store) {
  const events = createEvents();
  const calls: StoreCallEvent[] = [];
  events.on('store_call', (call) => calls.push(call));
  return { store: observeStore(store, events), calls, names: () => calls.map(({ operation }) => operation) };
}

test('each call is reported once with its name, outcome and time', async () => {
  const { store, calls, names } = observe(createMemoryStore(() => 0));
  await store.set('key', 'value', 1000);
  expect(await store.get('key')).toBe('value');
  expect(store.peek?.(['key', 'none'])).toEqual(['value', undefined]);
  await store.ping();
  expect(names()).toEqual(['set', 'get', 'peek', 'ping']);
  for (const { outcome, duration_ms } of calls) {
    expect(outcome).toBe('ok');
    expect(duration_ms).toBeGreaterThanOrEqual(0);
  }
});

test('what is asked for each request, and listening, are no calls', () => {
  const { store, calls } = observe(createMemoryStore(() => 0));
  expect(store.generation()).toBe(0);
  expect(store.settleMs).toBe(0);
  store.onInvalidate(() => undefined)();
  expect(calls).toEqual([]);
});

test('an outage is reported and thrown as it was', async () => {
  const error = new StoreUnavailable(new Error('away'));
  const failing: Store = {
    ...createMemoryStore(() => 0),
    get: () => Promise.reject(error),
    peek() {
      throw error;
    },
  };
  const { store, calls } = observe(failing);
  await expect(store.get('key')).rejects.toBe(error);
  expect(() => store.peek?.(['key'])).toThrow(error);
  expect(calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ['get', 'unavailable'],
    ['peek', 'unavailable'],
  ]);
});

test('a store that cannot read at once has no peek', () => {
  const { peek: _, ...waiting } = createMemoryStore(() => 0);
  expect(observe(waiting).store.peek).toBeUndefined();
});
