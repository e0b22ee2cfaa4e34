/** Bounds how much of a kind of work runs at once; the rest waits its turn, first come, first served. */

/**
 * @param most that runs at once
 * @param mostWaiting that waits for its turn
 * @returns runs `work` when it is its turn; `undefined` where too many wait already
 */
export function createSlots(most: number, mostWaiting: number): <T>(work: () => Promise<T>) => Promise<T> | undefined {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function run<T>(work: () => Promise<T>): Promise<T> {
    // The place of what has ended is handed on, so that nobody takes it in between.
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return (work) => (running >= most && waiting.length >= mostWaiting ? undefined : run(work));
}
