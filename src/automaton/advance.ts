/** One step of the search in all patterns at once: from the positions that have read a character to those that read the next. */
import { assertionsBetween, EDGE, kindsOf } from './context.ts';
import { bitsOf, compileFollow, type Follow } from './follow.ts';
import type { Program } from './program.ts';
import type { State } from './states.ts';

/** Writes the positions that read the character into `into`; the patterns that end before it, and its kind. */
export type Advance = (
  state: State,
  characterClass: number,
  into: Int32Array,
) => { found: readonly number[]; kind: number };

export function createAdvance(program: Program): Advance {
  const { words } = program;
  const kinds = kindsOf(program);
  const isEnd = (position: number) => (program.ends[position] as number) >= 0;
  const ends = bitsOf(positionsWhere(program, isEnd), words);
  const accepted: Int32Array[] = [];
  const acceptedBy = (characterClass: number): Int32Array => {
    const member = program.memberOf(characterClass);
    const made = bitsOf(
      positionsWhere(program, (position) => program.accepts(position, member)),
      words,
    );
    accepted[characterClass] = made;
    return made;
  };
  const follows: Follow[] = [];
  const followBetween = (before: number, after: number): Follow => {
    const assertions = assertionsBetween(before, after) & program.assertions;
    follows[assertions] ??= compileFollow(program, assertions);
    return follows[assertions];
  };
  return (state, characterClass, into) => {
    const kind = kinds[characterClass] ?? EDGE;
    const follow = followBetween(state.kind, kind);
    into.set(follow.start);
    follow.step(state.bits, into);
    const found = endsIn(into, ends, program.ends);
    if (characterClass === program.classes) into.fill(0);
    else intersect(into, accepted[characterClass] ?? acceptedBy(characterClass));
    return { found, kind };
  };
}

function positionsWhere(program: Program, holds: (position: number) => boolean): number[] {
  const positions: number[] = [];
  for (let position = 0; position < program.size; position += 1) if (holds(position)) positions.push(position);
  return positions;
}

function intersect(into: Int32Array, other: Int32Array): void {
  for (let word = 0; word < into.length; word += 1) into[word] = (into[word] as number) & (other[word] as number);
}

/** The patterns that end at a position of `active`. */
function endsIn(active: Int32Array, ends: Int32Array, patterns: Int32Array): readonly number[] {
  const found: number[] = [];
  for (let word = 0; word < active.length; word += 1) {
    for (let bits = (active[word] as number) & (ends[word] as number); bits !== 0; bits &= bits - 1) {
      found.push(patterns[word * 32 + 31 - Math.clz32(bits & -bits)] as number);
    }
  }
  return found.sort((a, b) => a - b);
}
