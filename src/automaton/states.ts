/** The states of a search that have been met, each with the transitions that were taken from it. */

import { EDGE } from './context.ts';

/** After a character: which positions have read it, and its kind. */
export interface State {
  bits: Int32Array;
  kind: number;
  /** By class of the next character. */
  next: (Transition | undefined)[];
  /** No position has read it; the begin of the text is none. */
  empty: boolean;
}

export interface Transition {
  to: State;
  /** The patterns that end before the character. */
  found: readonly number[];
}

/** Of all states of a set together, with their transitions. */
const MAX_BYTES = 4 * 1024 * 1024;
/** What a state takes beside its bits and the list of its transitions, roughly. */
const STATE_BYTES = 300;

/**
 * @param words of 32 positions
 * @param classes of characters, each of which may lead to another state
 */
export function createStates(words: number, classes: number) {
  const bytes = words * 4 + classes * 8 + STATE_BYTES;
  let known = new Map<number, State[]>();
  let count = 0;
  let initial: State | undefined;
  const create = (bits: Int32Array, kind: number): State => {
    const empty = kind !== EDGE && bits.every((word) => word === 0);
    const made = { bits: bits.slice(), kind, next: [], empty };
    const hash = hashOf(bits, kind);
    const others = known.get(hash);
    if (others) others.push(made);
    else known.set(hash, [made]);
    count += 1;
    return made;
  };
  return {
    words,
    /** Before the first character. */
    initial: (): State => {
      initial ??= create(new Int32Array(words), EDGE);
      return initial;
    },
    /** The state with these positions; `bits` is copied. */
    intern: (bits: Int32Array, kind: number): State => {
      const found = known.get(hashOf(bits, kind))?.find((state) => state.kind === kind && isSame(state.bits, bits));
      if (found) return found;
      if (count * bytes > MAX_BYTES) {
        // What a search still holds goes with it: states that are met again are made again.
        known = new Map();
        initial = undefined;
        count = 0;
      }
      return create(bits, kind);
    },
  };
}

function hashOf(bits: Int32Array, kind: number): number {
  let hash = kind;
  for (let word = 0; word < bits.length; word += 1) hash = (Math.imul(hash, 0x01000193) ^ (bits[word] as number)) | 0;
  return hash ^ (hash >>> 15);
}

function isSame(one: Int32Array, other: Int32Array): boolean {
  for (let word = 0; word < one.length; word += 1) if (one[word] !== other[word]) return false;
  return true;
}
