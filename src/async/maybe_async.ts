/** Steps that wait only when they must: a promise costs more than a read of a store in memory. */

export type Awaitable<T> = T | Promise<T>;

/** `next(value)`, at once when the value is there already. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs `work`, and `after` when it has ended in whatever way. */
export function andFinally<T>(work: () => Awaitable<T>, after: () => void): Awaitable<T> {
  let result: Awaitable<T>;
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
