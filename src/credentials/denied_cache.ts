/** Remembers refused credentials for ten seconds, so that a program that repeats itself costs the provider nothing. */
import { createLru } from '../lru.ts';

const TTL_MS = 10_000;
/** The same wrong credential again is no further guess: it counts once in the minute that limits look at. */
const COUNT_WINDOW_MS = 60_000;

export interface DeniedCache {
  /** Whether this credential (its keyed hash) was refused less than ten seconds ago. */
  has(id: string): boolean;
  /** Remembers a refusal; whether it is to be counted as a guess. */
  remember(id: string): boolean;
}

/**
 * In this process only and bounded: refused credentials leave no row in the store (Attack: otherwise anybody could
 * fill it), and another replica's question costs one more of the ten guesses.
 */
export function createDeniedCache(now: () => number, max = 10_000): DeniedCache {
  const memory = createLru<string, { at: number; countedAt: number }>(max);
  return {
    has: (id) => (memory.get(id)?.at ?? Number.NEGATIVE_INFINITY) + TTL_MS > now(),
    remember(id) {
      const at = now();
      const countedAt = memory.get(id)?.countedAt;
      const counts = countedAt === undefined || countedAt + COUNT_WINDOW_MS <= at;
      memory.set(id, { at, countedAt: counts ? at : countedAt });
      return counts;
    },
  };
}
