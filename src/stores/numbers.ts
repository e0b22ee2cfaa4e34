/** Numbers that only grow, as the text of a record: how memory and file stores count on (Redis has its own script). */
import { StoreUnavailable } from '../errors.ts';

/**
 * The number after that of `text`; `first` where there is none. Pure.
 * @throws StoreUnavailable the text is no such number
 */
export function nextNumber(text: string | undefined, first: number): number {
  if (text === undefined) return first;
  const next = /^\d{1,16}$/.test(text) ? Number(text) + 1 : Number.NaN;
  if (!Number.isSafeInteger(next)) throw new StoreUnavailable(new Error('a number in the store is none'));
  return next;
}
