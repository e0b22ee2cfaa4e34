/**
 * The order of all sign-outs, by a number in the store: what came first is not read off clocks, as those of two replicas
 * differ and any of them may jump.
 */
import { randomInt } from 'node:crypto';
import type { Store } from '../stores/store.ts';

/** The record of the last position. */
export const ORDER_KEY = 'q:sign-outs';
/** Two positions of one order are never further apart. */
const MAX_DISTANCE = 2 ** 32;

/**
 * Where an order begins. A record that is lost begins another one; this far apart, positions of the two are told from
 * those of one.
 */
const randomStart = () => randomInt(2 ** 20, 2 ** 48 - 1) * 8;

/** Whether `position` came after `since`, in one order. */
export function isAfter(position: number, since: number): boolean {
  return position > since && position - since < MAX_DISTANCE;
}

/** The position in a record; `undefined` where there is none. */
export function parsePosition(text: string | undefined): number | undefined {
  const position = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return Number.isSafeInteger(position) ? position : undefined;
}

/** @param keepMs as long as any sign-out is remembered */
export function createSignOutOrder(store: Store, keepMs: number) {
  /** The position of a new sign-out. */
  const next = () => store.increment(ORDER_KEY, randomStart(), keepMs);
  return {
    next,
    /** The position of the last sign-out; where there was none, the first of an order. */
    async last(): Promise<number> {
      return parsePosition((await store.getMany([ORDER_KEY]))[0]) ?? next();
    },
  };
}

export type SignOutOrder = ReturnType<typeof createSignOutOrder>;
