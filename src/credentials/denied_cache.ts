/** A negative cache: a client that repeats a refused credential costs the provider nothing for ten seconds. */
import { createLru } from '../lru.ts';

const TTL_MS = 10_000;
/** The same wrong credential again is no further guess: it counts once in the minute that limits look at. */
const COUNT_WINDOW_MS = 60_000;

export interface DeniedCache {
  /** Whether this credential (its keyed hash) was refused less than ten seconds ago. */
  has(id: string): boolean;
  /**
   * Remembers a refusal; whether it is to be counted as a guess.
   * @param forMs milliseconds, by default and at most ten seconds
   */
  remember(id: string, forMs?: number): boolean;
}

/**
 * In this process only and bounded. Attack: a client that sends wrong credentials would fill a store that remembers
 * them; without it another replica's check costs one more of the ten guesses.
 */
export function createDeniedCache(now: () => number, max = 10_000): DeniedCache {
  const denied = createLru<string, { until: number; countedAt: number }>(max);
  return {
    has: (id) => (denied.get(id)?.until ?? Number.NEGATIVE_INFINITY) > now(),
    remember(id, forMs = TTL_MS) {
      const at = now();
      const countedAt = denied.get(id)?.countedAt;
      const counts = countedAt === undefined || countedAt + COUNT_WINDOW_MS <= at;
      denied.set(id, { until: at + Math.min(forMs, TTL_MS), countedAt: counts ? at : countedAt });
      return counts;
    },
  };
}
