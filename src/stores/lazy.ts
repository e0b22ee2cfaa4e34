/**
 * A store whose library is loaded only when it is configured: the client of Redis alone would double the time to start.
 */
import { StoreUnavailable } from '../errors.ts';
import { createInvalidations, createRestores } from './listeners.ts';
import type { Store } from './store.ts';

/**
 * The store that `load` makes, usable at once: calls wait for it. While its library does not load, it is unavailable.
 */
export function createLazyStore(load: () => Promise<Store>): Store {
  let store: Store | undefined;
  const invalidations = createInvalidations();
  const restores = createRestores();
  const loading = load().then((loaded) => {
    loaded.onInvalidate(invalidations.emit);
    loaded.onReopen(restores.run);
    store = loaded;
    return loaded;
  });
  loading.catch(() => undefined);

  async function ready(): Promise<Store> {
    try {
      return store ?? (await loading);
    } catch (error) {
      throw new StoreUnavailable(error);
    }
  }

  return {
    get: async (key) => (await ready()).get(key),
    getMany: async (keys) => (await ready()).getMany(keys),
    get peek() {
      return store?.peek;
    },
    set: async (key, value, ttlMs) => (await ready()).set(key, value, ttlMs),
    delete: async (key) => (await ready()).delete(key),
    add: async (key, value, ttlMs) => (await ready()).add(key, value, ttlMs),
    replace: async (key, value, ttlMs) => (await ready()).replace(key, value, ttlMs),
    deleteIf: async (key, value) => (await ready()).deleteIf(key, value),
    replaceIf: async (key, expected, value, ttlMs) => (await ready()).replaceIf(key, expected, value, ttlMs),
    keep: async (key, expected, ttlMs) => (await ready()).keep(key, expected, ttlMs),
    reserve: async (key, member, limit, ttlMs) => (await ready()).reserve(key, member, limit, ttlMs),
    cancel: async (key, member) => (await ready()).cancel(key, member),
    increment: async (key, first, ttlMs) => (await ready()).increment(key, first, ttlMs),
    async *scan(prefix) {
      yield* (await ready()).scan(prefix);
    },
    generation: () => store?.generation(),
    onInvalidate: invalidations.on,
    onReopen: restores.on,
    get settleMs() {
      return store?.settleMs ?? 0;
    },
    ping: async () => (await ready()).ping(),
    close: async () => (await loading.catch(() => undefined))?.close(),
  };
}
