/** Ends a wait in time: a provider or store that hangs must not hang a request. */

/**
 * `work`, or a rejection when it takes too long. The work itself goes on; its late result is dropped.
 * @param timeoutMs milliseconds that the caller waits
 * @param makeError makes the error of a wait that took too long
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number, makeError: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(makeError()), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `work`, or `late` when it takes too long. The work itself goes on; its late result is dropped.
 * @param timeoutMs milliseconds that the caller waits
 */
export async function orAfter<T>(work: Promise<T>, timeoutMs: number, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, late);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
