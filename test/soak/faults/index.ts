/** All faults, and those of one run in their order. */
import type { Random } from '../random.ts';
import type { StoreName } from '../world.ts';
import type { Fault } from './fault.ts';
import { fileFaults } from './file.ts';
import { processFaults } from './processes.ts';
import { providerFaults } from './provider.ts';
import { redisFaults } from './redis.ts';

export const faults: readonly Fault[] = [...processFaults, ...redisFaults, ...fileFaults, ...providerFaults];

/** One after the other, none again before all have come. Those of the store itself come first. */
export function* faultsFor(store: StoreName, random: Random, only: readonly string[]): Generator<Fault> {
  const chosen = faults.filter(
    ({ name, stores }) => stores.includes(store) && (only.length === 0 || only.includes(name)),
  );
  const isOwn = ({ stores }: Fault) => stores.length === 1;
  for (let isFirst = true; chosen.length > 0; isFirst = false) {
    const shuffled = random.shuffle(chosen);
    yield* isFirst
      ? [
          ...shuffled.filter(isOwn).slice(0, 2),
          ...shuffled.filter((one) => !isOwn(one)),
          ...shuffled.filter(isOwn).slice(2),
        ]
      : shuffled;
  }
}
