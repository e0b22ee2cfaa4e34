/** Steps that wait only when they must: a promise costs more than a read of a store in memory. */

export type Maybe<T> = T | Promise<T>;

/** `next(value)`, at once when the value is there already. */
export function chain<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs `work`, and `after` when it has ended in whatever way. */
export function finish<T>(work: () => Maybe<T>, after: () => void): Maybe<T> {
  let result: Maybe<T>;
  try {
    result = work();
  } catch (error) {
    after();
    throw error;
  }
  if (result instanceof Promise) return result.finally(after);
  after();
  return result;
}
