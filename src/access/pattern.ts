/** Judges the patterns of the configuration with the engine that matches them, which cannot be made to backtrack. */
import { RE2Set } from 're2js';

/** Ten thousand applications tend to share a few patterns: each text is looked at once. */
const good = new Set<string>();

/**
 * Makes sure that a pattern is one in RE2 syntax (that of Go's `regexp`). It is only parsed: a compiled pattern takes
 * 20 KB, and `patternSet` compiles what requests really ask for.
 *
 * @throws an `Error` whose message says what is wrong with the pattern
 */
export function checkPattern(text: string): void {
  if (good.has(text)) return;
  try {
    new RE2Set().add(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    throw new Error(`is not a pattern in RE2 syntax (as in Go): ${reason}`, { cause });
  }
  good.add(text);
}
