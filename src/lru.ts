/** Memories that never outgrow a number of entries. */
import { LRUCache } from 'lru-cache';

/**
 * A map that keeps the `most` entries that were used last. It takes memory as it fills: a cache that is made with `max`
 * takes all of it at once, which is a tenth of the start for the handful that there are.
 */
export function createLru<K extends {}, V extends {}>(most: number): LRUCache<K, V> {
  return new LRUCache<K, V>({ maxSize: most, sizeCalculation: () => 1 });
}

/**
 * A copy of a text that is to be kept as a key or value.
 * Attack: V8 cuts a text out of another by reference. Ten thousand addresses, each the end of an `X-Forwarded-For` of
 * 60 KiB, kept 660 MB in memory.
 */
export function copyText(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
