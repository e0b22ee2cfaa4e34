/** The rows of the file store: their text, and which of their changes cached sessions depend on. */

/** Counts the changes, by any process, that cached sessions depend on. */
export const GENERATION_KEY = '.epoch';

/** A row is its end (milliseconds since the epoch, base 36), a colon and the value. */
export const pack = (value: string, expiresAt: number): string => `${Math.ceil(expiresAt).toString(36)}:${value}`;
export const expiresAtOf = (row: string): number => Number.parseInt(row.slice(0, row.indexOf(':')), 36);
export const textOf = (row: string): string => row.slice(row.indexOf(':') + 1);

/** The value of a row that has not ended. */
export function unpack(row: string | undefined, now: number): string | undefined {
  return row === undefined || expiresAtOf(row) <= now ? undefined : textOf(row);
}

/**
 * Whether cached sessions depend on this change of a row. They depend on rows that were there: their own, and the
 * generations of their user and `sid`, without which there is no session. New rows, locks, counters and used tokens
 * invalidate nothing, so that the first login of a user does not make every process read all sessions again.
 * @param before the row as it was, ended or not
 * @param value the new value; `undefined`: the row goes
 */
export function invalidatesCache(key: string, before: string | undefined, value: string | undefined): boolean {
  // A record that is only made to last longer changes nothing.
  if (before === undefined || textOf(before) === value) return false;
  return key.startsWith('u:') || key.startsWith('g:') || key.startsWith('s:');
}
