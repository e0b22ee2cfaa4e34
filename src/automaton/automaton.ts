/**
 * Tests a text against all patterns of a set in one pass: the time for a character is bounded by the size of the set,
 * whatever the patterns and the text are.
 */
import { type Advance, createAdvance } from './advance.ts';
import { compileProgram, type Program } from './program.ts';
import { createStates, type State, type Transition } from './states.ts';
import { canBeginAnywhere, widthOf } from './width.ts';

export interface Automaton {
  /** The numbers of the patterns that match somewhere in the text, ascending. */
  match(text: string): readonly number[];
  /**
   * How many positions can be under way at once, far into a text: what a character costs at most grows with it. Of
   * patterns that are bound to the begin of the text (`^/docs/`) none.
   */
  width: number;
}

/**
 * Attack: patterns such as `.*a.{0,20}b` have more states than any cache; a path that makes a new one at each character
 * would pay for keeping states that never come again.
 */
const MAX_NEW_STATES = 128;
const NONE: readonly number[] = [];

/** @throws an `Error` for what is not in RE2 syntax */
export function createAutomaton(patterns: readonly string[]): Automaton {
  const program = compileProgram(patterns);
  const states = createStates(program.words, program.classes + 1);
  const transition = createTransition(createAdvance(program), states);
  const classAt = createClassifier(program);
  const bound = !canBeginAnywhere(program);
  const match = (text: string): readonly number[] => {
    let state = states.initial();
    let found = NONE;
    let made = 0;
    for (let at = 0; at <= text.length; at += 1) {
      if (bound && state.empty) break;
      const characterClass = classAt(text, at);
      if (characterClass < 0) continue;
      let taken = state.next[characterClass];
      if (!taken) {
        taken = transition(state, characterClass, made < MAX_NEW_STATES);
        made += 1;
      }
      if (taken.found !== NONE) found = merge(found, taken.found);
      state = taken.to;
    }
    return found;
  };
  return { match, width: widthOf(program) };
}

/** The class of the character at an index; behind the last one the class of the end; -1 within a surrogate pair. */
function createClassifier(program: Program): (text: string, at: number) => number {
  const latin1 = Int32Array.from({ length: 256 }, (_, code) => program.classOf(code));
  return (text, at) => {
    if (at >= text.length) return program.classes;
    const code = text.charCodeAt(at);
    if (code < 256) return latin1[code] as number;
    const second = code >= 0xdc00 && code < 0xe000 && at > 0 && (text.codePointAt(at - 1) as number) > 0xffff;
    return second ? -1 : program.classOf(text.codePointAt(at) as number);
  };
}

/** The way from a state with a character of a class; `keep`: it will be met again. */
function createTransition(advance: Advance, states: ReturnType<typeof createStates>) {
  const scratch = new Int32Array(states.words);
  return (state: State, characterClass: number, keep: boolean): Transition => {
    const { found, kind } = advance(state, characterClass, scratch);
    const ended = found.length === 0 ? NONE : found;
    if (!keep) return { to: { bits: scratch.slice(), kind, next: [], empty: false }, found: ended };
    const made = { to: states.intern(scratch, kind), found: ended };
    state.next[characterClass] = made;
    return made;
  };
}

function merge(some: readonly number[], others: readonly number[]): readonly number[] {
  if (others.every((other) => some.includes(other))) return some;
  return [...new Set([...some, ...others])].sort((a, b) => a - b);
}
