/** How a target of the fuzz runs: so many inputs, or so long; the same ones for the same seed. */
import fc from 'fast-check';
import type { Rule } from './sites.ts';
import type { World } from './world.ts';

export interface Amount {
  /** A failure prints it; the same seed tries the same inputs again. */
  seed: number;
  runs: number;
  /** Ends before `runs` inputs have been tried. */
  limitMs?: number;
}

export interface Target {
  name: string;
  /** Inputs of the quick run. */
  quickRuns: number;
  /** Further rules of the first site. */
  rules?: Rule[];
  run(world: World, amount: Amount): Promise<Outcome>;
}

export interface Outcome {
  inputs: number;
  /** What shows that the inputs were not all refused for a dull reason. */
  notes: Record<string, number>;
}

/** Tries inputs one after the other. Fails with the smallest one for which `check` throws, and with the seed. */
export async function tryAll<T>(
  inputs: fc.Arbitrary<T>,
  { seed, runs, limitMs }: Amount,
  check: (input: T) => Promise<void>,
): Promise<number> {
  let tried = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    tried += 1;
    await check(input);
  });
  const limit = limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs, maxSkipsPerRun: 0 };
  await fc.assert(property, { seed, numRuns: runs, ...limit });
  return tried;
}
