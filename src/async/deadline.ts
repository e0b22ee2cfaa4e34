/** Ends a wait in time: a provider or store that hangs must not hang a request. */

/**
 * `work`, or a rejection when it takes too long. The work itself goes on; its late result is dropped.
 * @param timeoutMs milliseconds that the caller waits
 * @param makeError makes the error of a wait that took too long
 */
export function withDeadline<T>(work: Promise<T>, timeoutMs: number, makeError: () => Error): Promise<T> {
  return race(work, timeoutMs, (_, reject) => reject(makeError()));
}

/**
 * `work`, or `late` when it takes too long. The work itself goes on; its late result is dropped.
 * @param timeoutMs milliseconds that the caller waits
 */
export function orAfter<T>(work: Promise<T>, timeoutMs: number, late: T): Promise<T> {
  return race(work, timeoutMs, (resolve) => resolve(late));
}

async function race<T>(
  work: Promise<T>,
  timeoutMs: number,
  onLate: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve, reject) => {
    timer = setTimeout(onLate, timeoutMs, resolve, reject);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
