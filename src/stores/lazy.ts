/** A store whose library is loaded only when it is the one: the client of Redis alone would double the time to start. */
import { StoreUnavailable } from '../errors.ts';
import type { Store } from './store.ts';

/** The store that `load` makes, usable at once: calls wait for it. A library that does not load is a store that is away. */
export function createLazyStore(load: () => Promise<Store>): Store {
  let store: Store | undefined;
  const loading = load().then((loaded) => {
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
    set: async (key, value, ttl) => (await ready()).set(key, value, ttl),
    delete: async (key) => (await ready()).delete(key),
    add: async (key, value, ttl) => (await ready()).add(key, value, ttl),
    replace: async (key, value, ttl) => (await ready()).replace(key, value, ttl),
    increment: async (key, ttl) => (await ready()).increment(key, ttl),
    count: async (key) => (await ready()).count(key),
    generation: () => store?.generation(),
    onInvalidate(listener) {
      if (store !== undefined) store.onInvalidate(listener);
      else loading.then((loaded) => loaded.onInvalidate(listener)).catch(() => undefined);
    },
    ping: async () => (await ready()).ping(),
    close: async () => (await loading.catch(() => undefined))?.close(),
  };
}
