/** What a fault is: something that is done to a part of the world, and ends. */
import type { Load } from '../load.ts';
import type { StoreName, World } from '../world.ts';

export interface Fault {
  name: string;
  stores: readonly StoreName[];
  /** From its end on, questions may still get a 503 for so long. 0: at no time. */
  healMs: number;
  /** Whether a 503 is no wonder while it lasts. */
  makesUnavailable: boolean;
  /** Until the fault is over; what was done, for people. */
  run(world: World, load: Load): Promise<string>;
}

/** The documented time in which others take over, and a store or provider that is back is used again. */
export const HEAL_MS = 15_000;
export const SHARED = ['file', 'redis'] as const;
export const ALL = ['file', 'redis', 'memory'] as const;
export const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
