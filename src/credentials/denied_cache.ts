/** A negative cache: a client that repeats a refused credential costs the provider nothing for ten seconds. */
import { createLru } from '../lru.ts';

const TTL_MS = 10_000;

export interface DeniedCache {
  /** Whether this credential (its keyed hash) was refused less than ten seconds ago. */
  has(id: string): boolean;
  /** @param forMs milliseconds, by default and at most ten seconds */
  remember(id: string, forMs?: number): void;
}

/**
 * In this process only and bounded. Attack: a client that sends wrong credentials would fill a store that remembers
 * them. Another replica asks once more; the counters of guesses know the credential and count it once.
 */
export function createDeniedCache(elapsed: () => number, max = 10_000): DeniedCache {
  const deniedUntil = createLru<string, number>(max);
  return {
    has: (id) => (deniedUntil.get(id) ?? Number.NEGATIVE_INFINITY) > elapsed(),
    remember: (id, forMs = TTL_MS) => void deniedUntil.set(id, elapsed() + Math.min(forMs, TTL_MS)),
  };
}
