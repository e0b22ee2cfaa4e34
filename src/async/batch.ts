/** Does together what came in one turn of the event loop. */

/**
 * Keeps what it is given until everything that came in with this turn has been read, and then works it off in one go.
 * With 64 connections a warm answer takes a quarter to a half less CPU time so (docs/performance.md): most likely because what
 * is done over and over stays in the processor's cache. Nothing is waited for.
 * What fails is given up by itself: the others of its turn must not hang for it.
 */
export function batchPerTick<T>(work: (item: T) => void, abandon: (item: T) => void): (item: T) => void {
  let items: T[] = [];
  const flush = () => {
    const all = items;
    items = [];
    for (const item of all) {
      try {
        work(item);
      } catch {
        abandon(item);
      }
    }
  };
  return (item) => {
    if (items.push(item) === 1) setImmediate(flush);
  };
}
