/** Who hears of a store's changes, and of its being opened anew. */
import type { InvalidationListener, Restore } from './store.ts';

export interface Invalidations {
  /** Tells every listener that a record has changed; `undefined`: all may have. */
  emit(key: string | undefined): void;
  /** As `Store.onInvalidate`. */
  on(listener: InvalidationListener): () => void;
}

export function createInvalidations(): Invalidations {
  const listeners = new Set<InvalidationListener>();
  return {
    emit(key) {
      for (const listener of listeners) listener(key);
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export interface Restores {
  /** Runs all of them; rejects where one of them fails. */
  run: Restore;
  /** As `Store.onReopen`. */
  on(restore: Restore): () => void;
}

export function createRestores(): Restores {
  const restores = new Set<Restore>();
  return {
    async run(access) {
      for (const restore of restores) await restore(access);
    },
    on(restore) {
      restores.add(restore);
      return () => void restores.delete(restore);
    },
  };
}
