/** What the patterns of a set can cost, whatever text they are tested with. */
import { assertionsBetween, EDGE, KINDS } from './context.ts';
import { bitsOf, compileFollow } from './follow.ts';
import type { Program } from './program.ts';

/** So far into a text: longer than what `^/some/folder/` begins with. */
const FAR = 64;
const ANY_KIND = KINDS - 1;

/** How many positions are under way after `FAR` characters that every position accepts. */
export function widthOf(program: Program): number {
  const begin = program.reach(program.start, assertionsBetween(EDGE, ANY_KIND));
  const middle = compileFollow(program, assertionsBetween(ANY_KIND, ANY_KIND) & program.assertions);
  let active = bitsOf(begin, program.words);
  for (let at = 0; at < FAR; at += 1) {
    const following = middle.start.slice();
    middle.step(active, following);
    active = following;
  }
  return active.reduce((sum, word) => sum + countOf(word), 0);
}

function countOf(word: number): number {
  let bits = 0;
  for (let left = word; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

/** Whether a match can begin behind the begin of the text: where none can, a search ends with its last position. */
export function canBeginAnywhere(program: Program): boolean {
  for (let before = EDGE + 1; before < KINDS; before += 1) {
    for (let after = EDGE; after < KINDS; after += 1) {
      if (program.reach(program.start, assertionsBetween(before, after)).length > 0) return true;
    }
  }
  return false;
}
