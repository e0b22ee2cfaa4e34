/** Remembers refused credentials for ten seconds, so that a program that repeats itself costs the provider nothing. */
import { createLru } from '../lru.ts';

const REMEMBERED = 10_000;
/** The same wrong credential again is no further guess: it counts once in the minute that limits look at. */
const COUNTED = 60_000;

export interface Refused {
  /** Whether this credential (its keyed hash) was refused less than ten seconds ago. */
  has(id: string): boolean;
  /** Remembers a refusal; whether it is to be counted as a guess. */
  remember(id: string): boolean;
}

/**
 * In this process only and bounded: refused credentials leave no row in the store (Attack: otherwise anybody could
 * fill it), and another replica's question costs one more of the ten guesses.
 */
export function createRefused(now: () => number, max = 10_000): Refused {
  const memory = createLru<string, { at: number; countedAt: number }>(max);
  return {
    has: (id) => (memory.get(id)?.at ?? Number.NEGATIVE_INFINITY) + REMEMBERED > now(),
    remember(id) {
      const at = now();
      const countedAt = memory.get(id)?.countedAt;
      const counts = countedAt === undefined || countedAt + COUNTED <= at;
      memory.set(id, { at, countedAt: counts ? at : countedAt });
      return counts;
    },
  };
}
