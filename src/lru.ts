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
 * `compute`, which remembers its results for the `most` texts that came last; `undefined` is a result too.
 * Attack: V8 cuts a text out of another by reference. Ten thousand addresses, each the end of an `X-Forwarded-For` of
 * 60 KiB, kept 660 MB in memory. So what is kept is a copy.
 */
export function memoizeText(most: number, compute: (text: string) => string | undefined) {
  /** `''` stands for `undefined`. */
  const results = createLru<string, string>(most);
  return (text: string): string | undefined => {
    let result = results.get(text);
    if (result === undefined) {
      const kept = Buffer.from(text, 'utf16le').toString('utf16le');
      result = compute(kept) ?? '';
      results.set(kept, result);
    }
    return result || undefined;
  };
}
