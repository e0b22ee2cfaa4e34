/** The store that the configuration names. There is no other in its place when it is away. */
import { createMemoryStore } from './memory.ts';
import type { Store } from './store.ts';

/** `memory`. Opening never waits and never fails: a store that is away is unavailable until it is there. */
export function createStore(store: string, now: () => number): Store {
  if (store === 'memory') return createMemoryStore(now);
  throw new TypeError(`unknown store ${store}`);
}
