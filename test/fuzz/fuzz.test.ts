/**
 * The quick run of the fuzz: every target, the same inputs each time. `FUZZ_SEED=<number>` tries others, and `npm run fuzz`
 * more of them, for as long as one likes; a failure prints the seed and the smallest input.
 */
import { expect, test } from 'vitest';
import { targets } from './targets.ts';
import { startWorld } from './world.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_261_126);

/** Far above what a target takes: some seconds on a machine that has nothing else to do. */
const TIMEOUT_MS = 60_000;

test.each(targets)('fuzz: $name', { timeout: TIMEOUT_MS }, async ({ run, quickRuns, rules }) => {
  const world = await startWorld(rules);
  try {
    const { inputs, notes } = await run(world, { seed, runs: quickRuns });
    expect(inputs).toBe(quickRuns);
    // Inputs of which nothing came would prove nothing.
    for (const [note, count] of Object.entries(notes)) expect(count, note).toBeGreaterThan(0);
  } finally {
    await world.close();
  }
});
