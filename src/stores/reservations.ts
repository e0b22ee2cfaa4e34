/** The places of a counter, as the text of one record: how memory and file stores count (Redis has its own script). */
import { StoreUnavailable } from '../errors.ts';

/** What came of asking for a place. */
export type Reservation =
  | {
      kind: 'reserved';
      /** Places that are taken now, this one included. */
      count: number;
      /** This member had no place before. */
      added: boolean;
    }
  | {
      kind: 'full';
      /** Milliseconds until a place becomes free by itself. */
      retryAfterMs: number;
    };

/** Members by the end of their place (milliseconds of the store's clock). */
type Places = Map<string, number>;

/**
 * Attack: a text that is no list of places would leave every place free, so it is an error and no empty counter.
 * @throws StoreUnavailable
 */
function parsePlaces(text: string | undefined, now: number): Places {
  const places: Places = new Map();
  for (const place of text === undefined ? [] : text.split(' ')) {
    const parts = /^([\w-]{1,64}):([0-9a-z]{1,10})$/.exec(place);
    if (parts === null) throw new StoreUnavailable(new Error('a counter in the store is not a list of places'));
    const endsAt = Number.parseInt(parts[2] ?? '', 36);
    if (endsAt > now) places.set(parts[1] ?? '', endsAt);
  }
  return places;
}

/** The record to write: its text, and when it ends (milliseconds of the store's clock). */
interface CounterRecord {
  text: string;
  endsAt: number;
}

const toRecord = (places: Places): CounterRecord => ({
  text: [...places].map(([member, endsAt]) => `${member}:${endsAt.toString(36)}`).join(' '),
  endsAt: Math.max(...places.values()),
});

/**
 * No place lasts longer than one that is taken now: one that ends later was taken before the clock was put back, and would
 * keep everybody out for as long as the clock jumped.
 */
function shorten(places: Places, latest: number): boolean {
  const late = [...places].filter(([, endsAt]) => endsAt > latest);
  for (const [member] of late) places.set(member, latest);
  return late.length > 0;
}

/**
 * Takes a place in the counter `text`; a member that has one keeps it until the new end. Pure.
 * @param request `limit` is the number of places; `endsAt` and `now` are milliseconds of the store's clock
 * @returns what came of it, and the record to write where there is one
 * @throws StoreUnavailable
 */
export function reservePlace(
  text: string | undefined,
  request: { member: string; limit: number; endsAt: number; now: number },
): { reservation: Reservation; record?: CounterRecord } {
  const { member, limit, now } = request;
  const endsAt = Math.ceil(request.endsAt);
  const places = parsePlaces(text, now);
  const isShortened = shorten(places, endsAt);
  const excess = places.size - limit;
  if (excess >= 0) {
    const ends = [...places.values()].sort((a, b) => a - b);
    const reservation = { kind: 'full', retryAfterMs: (ends[excess] ?? now) - now } as const;
    return isShortened ? { reservation, record: toRecord(places) } : { reservation };
  }
  const added = !places.has(member);
  places.set(member, endsAt);
  return { reservation: { kind: 'reserved', count: places.size, added }, record: toRecord(places) };
}

/**
 * Gives a place back. Pure.
 * @param now milliseconds of the store's clock
 * @returns the record to write; `undefined` where nothing is left
 * @throws StoreUnavailable
 */
export function cancelPlace(text: string | undefined, member: string, now: number): CounterRecord | undefined {
  const places = parsePlaces(text, now);
  places.delete(member);
  return places.size === 0 ? undefined : toRecord(places);
}
