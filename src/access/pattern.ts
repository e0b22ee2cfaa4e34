/** Compiles the patterns of the configuration with an engine that cannot be made to backtrack. */
import { RE2JS } from 're2js';

/** Ten thousand applications tend to share a few patterns: each text is compiled once for the process. */
const compiled = new Map<string, RE2JS>();

/**
 * The compiled form of an RE2 pattern (the syntax of Go's `regexp`); match it unanchored, with `find()` or `test()`.
 * JavaScript's own engine is not used: one bad pattern and a long path would stop the process (ReDoS).
 *
 * @throws an `Error` whose message says what is wrong with the pattern
 */
export function compilePattern(text: string): RE2JS {
  const known = compiled.get(text);
  if (known) return known;
  try {
    const pattern = RE2JS.compile(text);
    compiled.set(text, pattern);
    return pattern;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    throw new Error(`is not a pattern in RE2 syntax (as in Go): ${reason}`, { cause });
  }
}
