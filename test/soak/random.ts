/** Chance from a seed: the same seed chooses the same faults and the same order of questions. */

export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** One of them; `undefined` where there is none. */
  pick<T>(all: readonly T[]): T | undefined;
  /** All of them in another order. */
  shuffle<T>(all: readonly T[]): T[];
}

/** mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    pick: (all) => all[Math.floor(next() * all.length)],
    shuffle<T>(all: readonly T[]): T[] {
      const left = [...all];
      return all.map(() => left.splice(between(0, left.length - 1), 1)[0]!);
    },
  };
}

/** One of the names, as often as its weight says. */
export function pickWeighted(random: Random, weights: readonly [name: string, weight: number][]): string {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of weights) {
    left -= weight;
    if (left < 0) return name;
  }
  return weights[0]![0];
}
