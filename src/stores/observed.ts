/** Times the calls of a store, and says what came of each. */
import type { Events } from '../observe/events.ts';
import type { Store } from './store.ts';

/** The same store; what waits for nothing by design, such as `generation`, is as it was. */
export function observeStore(store: Store, events: Events): Store {
  function report(operation: string, startedAt: number, outcome: 'ok' | 'unavailable'): void {
    events.emit('store_call', { operation, outcome, duration_ms: performance.now() - startedAt });
  }
  async function timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      const result = await call();
      report(operation, startedAt, 'ok');
      return result;
    } catch (error) {
      report(operation, startedAt, 'unavailable');
      throw error;
    }
  }
  function timedAtOnce<T>(operation: string, call: () => T): T {
    const startedAt = performance.now();
    try {
      const result = call();
      report(operation, startedAt, 'ok');
      return result;
    } catch (error) {
      report(operation, startedAt, 'unavailable');
      throw error;
    }
  }
  // Every method by name: one that is added to the interface and forgotten here does not compile.
  const observed: Store & Record<keyof Store, unknown> = {
    get: (key) => timed('get', () => store.get(key)),
    getMany: (keys) => timed('get_many', () => store.getMany(keys)),
    get peek() {
      const { peek } = store;
      return peek && ((keys: string[]) => timedAtOnce('peek', () => peek(keys)));
    },
    set: (...row) => timed('set', () => store.set(...row)),
    delete: (key) => timed('delete', () => store.delete(key)),
    add: (...row) => timed('add', () => store.add(...row)),
    replace: (...row) => timed('replace', () => store.replace(...row)),
    deleteIf: (...row) => timed('delete_if', () => store.deleteIf(...row)),
    replaceIf: (...row) => timed('replace_if', () => store.replaceIf(...row)),
    keep: (...row) => timed('keep', () => store.keep(...row)),
    reserve: (...place) => timed('reserve', () => store.reserve(...place)),
    cancel: (...place) => timed('cancel', () => store.cancel(...place)),
    increment: (...number) => timed('increment', () => store.increment(...number)),
    // A walk of an operator's command, as long as the store is large.
    scan: (prefix) => store.scan(prefix),
    generation: () => store.generation(),
    onInvalidate: store.onInvalidate,
    onReopen: store.onReopen,
    get settleMs() {
      return store.settleMs;
    },
    ping: () => timed('ping', () => store.ping()),
    close: () => store.close(),
  };
  return observed;
}
