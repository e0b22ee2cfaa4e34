/**
 * Patterns of the configuration in RE2 syntax (Go's `regexp`), which cannot be made to backtrack; many of them match in
 * one pass.
 */
import { RE2JS, RE2Set } from 're2js';
import { createAutomaton } from './automaton/automaton.ts';
import { createLru } from './lru.ts';

/** The patterns of one list, compiled when they are first asked for. */
export interface PatternSet {
  /** The numbers of the patterns that match somewhere in the text, ascending. */
  match(text: string): readonly number[];
  /** What a character costs at most grows with it: see `Automaton`. */
  width(): number;
}

/** Ten thousand applications tend to share a few patterns: each text is parsed once. */
const validPatterns = createLru<string, true>(10_000);
const NONE: readonly number[] = [];
const NO_PATTERNS: PatternSet = { match: () => NONE, width: () => 0 };
/** Attack: `(a{100}){10}` is short, and each character of a path may touch every copy of it. */
const MAX_INSTRUCTIONS = 10_000;

/**
 * Makes sure that a pattern is in RE2 syntax and not too large. It is only parsed, unless it counts repetitions: a
 * compiled pattern takes 20 KB, and a pattern set is compiled when a request first asks for it.
 *
 * @throws an `Error` whose message says what is wrong with the pattern
 */
export function checkPattern(text: string): void {
  if (validPatterns.has(text)) return;
  const instructions = instructionsOf(text);
  if (instructions > MAX_INSTRUCTIONS) {
    throw new Error(
      `is too large a pattern: with all repetitions written out it has ${instructions} steps, more than ${MAX_INSTRUCTIONS}`,
    );
  }
  validPatterns.set(text, true);
}

function instructionsOf(text: string): number {
  try {
    if (text.includes('{')) return RE2JS.compile(text).programSize();
    new RE2Set().add(text);
    return text.length;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    throw new Error(`is not a pattern in RE2 syntax (as in Go): ${reason}`, { cause });
  }
}

/**
 * Compiles the pattern sets of one configuration: equal lists share one automaton, which is built at its first use, so
 * that a server of ten thousand applications starts at once. What is compiled belongs to the configuration and goes
 * with it.
 */
export function createPatternCompiler(): (patterns: readonly string[]) => PatternSet {
  const compiled = new Map<string, PatternSet>();
  return (patterns) => {
    if (patterns.length === 0) return NO_PATTERNS;
    const key = JSON.stringify(patterns);
    const known = compiled.get(key);
    if (known) return known;
    const made = lazySet(patterns);
    compiled.set(key, made);
    return made;
  };
}

function lazySet(patterns: readonly string[]): PatternSet {
  let set: ReturnType<typeof createAutomaton> | undefined;
  const compiled = () => {
    set ??= createAutomaton(patterns);
    return set;
  };
  return { match: (text) => compiled().match(text), width: () => compiled().width };
}
