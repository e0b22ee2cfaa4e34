/** How many readings of an ambiguous path are compared with the rules: what an anonymous request may cost. Pure. */
import { pathReadings } from '../http/path_readings.ts';

/**
 * Characters. Attack: each reading is looked through a dozen times for the next one, which takes half a millisecond for
 * sixteen kilobytes, where the rest of the request takes as long. No honest path that can be read in several ways is
 * longer than this.
 */
const MAX_READ_CHARS = 1024;
/** Characters, beside twice the length of the path: what a request costs anyhow, where the patterns are cheap. */
const MAX_EXTRA_CHARS = 1024;
/** Characters times width: with patterns of this width, one more character. */
const EXTRA_WORK = 80_000;

/**
 * Attack: a path of `;x`, `//`, `\`, `%c0%af` and `/%2e/` has dozens of readings, and with some rules each took as long
 * as a plain path of that length: 0.4 to 4 s of everybody's time for one request.
 *
 * The readings may have no more characters together than twice those of the path (the path itself among them), and a
 * few more where a character costs little. It depends on path and rules alone, so that the same path is always decided
 * in the same way.
 *
 * @param width of the patterns that each reading is compared with
 * @returns none where there are too many
 */
export function readingsWithin(raw: string, width: number): readonly string[] {
  if (raw.length > MAX_READ_CHARS) return [];
  return pathReadings(raw, 2 * raw.length + Math.min(MAX_EXTRA_CHARS, Math.floor(EXTRA_WORK / (width + 1))));
}

/** Attack: `/public/x%00/../admin`: what becomes of a NUL or another control is nobody's standard. */
const CONTROLS = /[\0-\x1f\x7f]/;

/** Whether a pattern may open a path with these readings, if it matches all of them. */
export function mayOpen(readings: readonly string[]): boolean {
  return readings.length > 0 && !readings.some((reading) => CONTROLS.test(reading));
}
