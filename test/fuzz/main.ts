/** `npm run fuzz -- [--seconds N] [--seed S] [--only TARGET]`: the fuzz for as long as one likes. */
import { parseArgs } from 'node:util';
import { targets } from './targets.ts';
import { startWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string', default: '' },
  },
});
const chosen = targets.filter(({ name }) => name.includes(values.only));
const limitMs = (Number(values.seconds) * 1000) / chosen.length;
const seed = Number(values.seed);
console.log(`seed ${seed}`);
for (const target of chosen) {
  const world = await startWorld(target.rules);
  const startedAt = performance.now();
  try {
    const { inputs, notes } = await target.run(world, { seed, runs: Number.MAX_SAFE_INTEGER, limitMs });
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`${target.name}: ${inputs} inputs, ${Math.round(inputs / seconds)} a second, none wrong`, notes);
  } catch (error) {
    process.exitCode = 1;
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    console.error(`${target.name}: ${message}\n${cause instanceof Error ? cause.message : ''}`);
  } finally {
    await world.close();
  }
}
