/** Chance, where the real server has it. */
import { randomInt } from 'node:crypto';

/** The same values in another order than they have, where there is one. */
export function shuffle<T>(values: readonly T[]): T[] {
  const mixed = [...values];
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  const same = mixed.every((one, at) => one === values[at]);
  return same && mixed.length > 1 ? [...mixed.slice(1), mixed[0]!] : mixed;
}
