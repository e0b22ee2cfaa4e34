/** `skip_path_regex` of a provider: patterns in RE2 syntax, one a line. Pure. */
import { checkPattern } from '../patterns.ts';

export interface SkippedPaths {
  patterns: string[];
  /** Numbers of the lines that do not compile, from 1 on. */
  badLines: number[];
}

/**
 * A line that does not compile is left out, which closes what it would open: one slip there must not stop a site.
 * Attack: an empty line is a pattern that every path has.
 */
export function readSkippedPaths(value: unknown): SkippedPaths {
  const found: SkippedPaths = { patterns: [], badLines: [] };
  const lines = typeof value === 'string' ? value.split('\n') : [];
  for (const [index, given] of lines.entries()) {
    const line = given.replace(/\r+$/, '');
    if (line.trim() === '') continue;
    if (compiles(line)) found.patterns.push(line);
    else found.badLines.push(index + 1);
  }
  return found;
}

function compiles(pattern: string): boolean {
  try {
    checkPattern(pattern);
    return true;
  } catch {
    return false;
  }
}
