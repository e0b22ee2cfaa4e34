/**
 * Reads a counter's value. Attack: text that is no number would be below every limit, so it is an error and no count.
 */
import { StoreUnavailable } from '../errors.ts';

/** 0 where there is no counter. Throws `StoreUnavailable`. */
export function parseCount(value: string | undefined): number {
  if (value === undefined) return 0;
  if (!/^\d{1,15}$/.test(value)) throw new StoreUnavailable(new Error('a counter in the store is not a number'));
  return Number(value);
}
