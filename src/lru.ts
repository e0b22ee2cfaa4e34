/** Memories that never outgrow a number of entries. */
import { LRUCache } from 'lru-cache';

/**
 * A map that keeps the `most` entries that were used last. It takes memory as it fills: a cache that is made with `max`
 * takes all of it at once, which is a tenth of the start for the handful that there are.
 */
export function createLru<K extends {}, V extends {}>(most: number): LRUCache<K, V> {
  return new LRUCache<K, V>({ maxSize: most, sizeCalculation: () => 1 });
}
