/** The listeners of a store's changes. */

export type InvalidationListener = (key: string | undefined) => void;

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
