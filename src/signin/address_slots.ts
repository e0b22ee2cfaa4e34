/**
 * Which cookie an address goes into. The names are few and fixed, so that logins that begin at the same moment, each
 * without the cookies of the others, cannot pile up. Pure.
 */
import { randomInt } from 'node:crypto';

/** Four for short addresses, one for a long one, which may need several cookies. */
export const SLOTS = [0, 1, 2, 3, 4] as const;
const LONG_SLOT = 4;
const MAX_SHORT_CHARS = 900;
export const CHUNKS_PER_SLOT = [[0], [0], [0], [0], [0, 1, 2]] as const satisfies readonly (readonly number[])[];

/** Browsers keep 4,096 bytes of a cookie, some with its name and attributes (RFC 6265 section 6.1). */
const CHUNK_CHARS = 3800;

/**
 * Of all address cookies of a browser together; the newest address alone may have more.
 * Attack: pages that begin logins again and again, by themselves or embedded elsewhere, would fill the `Cookie` header
 * until every server refuses the request (431), and the visitor could not log in before the cookies end.
 */
export const MAX_TOTAL_CHARS = 3600;

/** One slot as the browser sent it. */
export interface AddressSlot {
  slot: number;
  /** Of all its values. */
  chars: number;
  /** Since the epoch; 0 where it cannot be read. */
  startedAtSeconds: number;
  /** What it may hold: one text, or several where a neighbour host has planted cookies of the same name. */
  sealed: string[];
}

const STAMP_CHARS = 7;
/** Attack: a planted cookie from the future would count as the newest, and push out every other one. */
const MAX_AHEAD_SECONDS = 60;

/** The time of a login, in front of its sealed address. */
export function stamp(now: number): string {
  return Math.floor(now / 1000)
    .toString(36)
    .padStart(STAMP_CHARS, '0');
}

export function readStamp(value: string): number {
  const digits = value.slice(0, STAMP_CHARS);
  return /^[0-9a-z]{7}$/.test(digits) ? Number.parseInt(digits, 36) : 0;
}

export function splitIntoChunks(value: string): string[] {
  const count = Math.ceil(value.length / CHUNK_CHARS);
  return Array.from({ length: count }, (_, at) => value.slice(at * CHUNK_CHARS, (at + 1) * CHUNK_CHARS));
}

/**
 * Each text that the values of a slot's cookies can be read as: planted ones stand beside the right ones, and only the
 * seal tells which are right.
 */
export function joinChunks(chunks: readonly (readonly string[])[]): string[] {
  let heads: readonly string[] = [''];
  return chunks.flatMap((values) => {
    heads = heads.flatMap((head) => values.map((value) => head + value));
    return heads.map((text) => text.slice(STAMP_CHARS));
  });
}

/** A free slot, else the oldest. */
export function chooseSlot(length: number, taken: readonly AddressSlot[], now: number): number {
  if (length > MAX_SHORT_CHARS) return LONG_SLOT;
  const free = SLOTS.filter((slot) => slot !== LONG_SLOT && !taken.some((one) => one.slot === slot));
  // At random: of several logins that begin at the same moment, most keep their address.
  if (free.length > 0) return free[randomInt(free.length)] ?? 0;
  const oldest = newestFirst(taken, now).findLast(({ slot }) => slot !== LONG_SLOT);
  return oldest?.slot ?? 0;
}

/** The slots that have no room, the oldest first to go. */
export function overBudget(others: readonly AddressSlot[], budgetChars: number, now: number): number[] {
  let left = budgetChars;
  const dropped = newestFirst(others, now).filter(({ chars }) => {
    left -= chars;
    return left < 0;
  });
  return dropped.map(({ slot }) => slot);
}

function newestFirst(slots: readonly AddressSlot[], now: number): AddressSlot[] {
  const age = ({ startedAtSeconds }: AddressSlot) =>
    startedAtSeconds > now / 1000 + MAX_AHEAD_SECONDS ? 0 : startedAtSeconds;
  return slots.toSorted((one, other) => age(other) - age(one));
}
