/**
 * Patterns of the configuration in RE2 syntax (Go's `regexp`), which cannot be made to backtrack; many of them match in
 * one pass.
 */
import { RE2Set } from 're2js';
import { createLru } from './lru.ts';

/** The numbers of the patterns that match somewhere in the text. */
export type PatternSet = (text: string) => readonly number[];

/** Ten thousand applications tend to share a few patterns: each text is parsed once. */
const validPatterns = createLru<string, true>(10_000);
const NONE: readonly number[] = [];

/**
 * Makes sure that a pattern is in RE2 syntax. It is only parsed: a compiled pattern takes 20 KB, and a pattern set is
 * compiled when a request first asks for it.
 *
 * @throws an `Error` whose message says what is wrong with the pattern
 */
export function checkPattern(text: string): void {
  if (validPatterns.has(text)) return;
  try {
    new RE2Set().add(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    throw new Error(`is not a pattern in RE2 syntax (as in Go): ${reason}`, { cause });
  }
  validPatterns.set(text, true);
}

/**
 * Compiles the pattern sets of one configuration: equal lists share one automaton, which is built at its first use, so
 * that a server of ten thousand applications starts at once. What is compiled belongs to the configuration and goes
 * with it.
 */
export function createPatternCompiler(): (patterns: readonly string[]) => PatternSet {
  const compiled = new Map<string, PatternSet>();
  return (patterns) => {
    if (patterns.length === 0) return () => NONE;
    const key = JSON.stringify(patterns);
    const known = compiled.get(key);
    if (known) return known;
    const match = lazySet(patterns);
    compiled.set(key, match);
    return match;
  };
}

function lazySet(patterns: readonly string[]): PatternSet {
  let set: RE2Set | undefined;
  return (text) => {
    if (!set) {
      set = new RE2Set();
      for (const pattern of patterns) set.add(pattern);
      set.compile();
    }
    return set.match(text);
  };
}
