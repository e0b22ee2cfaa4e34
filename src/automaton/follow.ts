/**
 * What can be read after what, as bits: one step of all patterns at once takes a shift for the position after each one,
 * and an `or` for each group of positions that lead elsewhere to the same places.
 */
import type { Program } from './program.ts';

export interface Follow {
  /** Where a match can begin: words of 32 positions. */
  start: Int32Array;
  /** Adds to `into` the positions that follow those of `from`. */
  step(from: Int32Array, into: Int32Array): void;
}

/**
 * @param assertions those that hold between the two characters
 */
export function compileFollow(program: Program, assertions: number): Follow {
  const { words } = program;
  const start = bitsOf(program.reach(program.start, assertions), words);
  const shifted = new Int32Array(words);
  const targets = createTargets();
  /** By word: the groups with members in it, and which. */
  const groups = Array.from({ length: words }, () => new Map<number, number>());
  for (let position = 0; position < program.size; position += 1) {
    if ((program.ends[position] as number) >= 0) continue;
    const reached = program.reach(program.out[position] as number, assertions);
    const [word, bit] = [position >>> 5, 1 << (position & 31)];
    const pairs = wordsOf(reached, position + 1);
    if (pairs.next) shifted[word] = (shifted[word] as number) | bit;
    if (pairs.others.length === 0) continue;
    const target = targets.add(pairs.others);
    const group = groups[word] as Map<number, number>;
    group.set(target, (group.get(target) ?? 0) | bit);
  }
  return { start, step: createStep(shifted, groups, targets.list) };
}

/** The words that have ascending positions, each with its bits, in pairs; whether `next` is one of them, apart. */
function wordsOf(positions: Int32Array, next: number): { next: boolean; others: number[] } {
  const others: number[] = [];
  let isNext = false;
  for (const position of positions) {
    if (position === next) isNext = true;
    else if (others.at(-2) === position >>> 5) others.push((others.pop() as number) | (1 << (position & 31)));
    else others.push(position >>> 5, 1 << (position & 31));
  }
  return { next: isNext, others };
}

/** Equal targets are kept once. */
function createTargets() {
  const list: number[][] = [];
  const known = new Map<string, number>();
  const add = (pairs: number[]): number => {
    const key = pairs.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, list.length);
    return list.push(pairs) - 1;
  };
  return { list, add };
}

/** All groups and targets in a few flat arrays: this is the innermost loop of a search. */
function createStep(shifted: Int32Array, groups: Map<number, number>[], targets: number[][]): Follow['step'] {
  const firstGroup = offsetsOf(groups.map(({ size }) => size));
  const members = Int32Array.from(groups.flatMap((group) => [...group.values()]));
  const targetOf = Int32Array.from(groups.flatMap((group) => [...group.keys()]));
  const firstWord = offsetsOf(targets.map(({ length }) => length));
  const words = new Int32Array(firstWord[targets.length] as number);
  targets.forEach((target, at) => {
    words.set(target, firstWord[at]);
  });
  const addTarget = (target: number, into: Int32Array): void => {
    const end = firstWord[target + 1] as number;
    for (let at = firstWord[target] as number; at < end; at += 2) {
      into[words[at] as number] = (into[words[at] as number] as number) | (words[at + 1] as number);
    }
  };
  return (from, into) => {
    for (let word = 0; word < from.length; word += 1) {
      const bits = from[word] as number;
      if (bits === 0) continue;
      const shift = bits & (shifted[word] as number);
      into[word] = (into[word] as number) | (shift << 1);
      if (shift < 0) into[word + 1] = (into[word + 1] as number) | 1;
      const end = firstGroup[word + 1] as number;
      for (let group = firstGroup[word] as number; group < end; group += 1) {
        if ((bits & (members[group] as number)) !== 0) addTarget(targetOf[group] as number, into);
      }
    }
  };
}

/** Where each of several lists begins when they stand one after the other, and where the last one ends. */
function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, at) => {
    offsets[at + 1] = (offsets[at] as number) + length;
  });
  return offsets;
}

/** The words that have the bits of some positions. */
export function bitsOf(positions: Iterable<number>, words: number): Int32Array {
  const bits = new Int32Array(words);
  for (const position of positions) bits[position >>> 5] = (bits[position >>> 5] as number) | (1 << (position & 31));
  return bits;
}
