/** Does together what came in one tick of the event loop. */

/**
 * Collects items until everything that came in with this tick has been read, and then works on all of them in one go.
 * With 64 connections a response for a cached session takes a quarter to a half less CPU time so (docs/performance.md),
 * most likely because code and data that are used over and over stay in the processor's cache. Nothing is waited for.
 * @param abandon gets an item whose `work` throws; the other items of the tick still run
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
