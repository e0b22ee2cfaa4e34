/** How often the provider's documents are read: after a failure, for the tokens of clients, and for logout tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboundFetch } from './outbound.ts';

/** So many readings in a row can the tokens of clients cause. */
const READINGS_IN_A_ROW = 3;
/** After those, one in this time. */
const READING_PERIOD_MS = 20_000;
/** After a reading that failed. */
const FAILURE_PAUSE_MS = 1_000;
/** Between two readings for logout tokens. */
const LOGOUT_PAUSE_MS = 1_000;

/** Milliseconds on a clock that nobody can set: one that was put back would let nothing be read until it is there again. */
type Elapsed = () => number;

/** `fetch`, but right after a failure it fails without a request. */
export function createLimitedFetch(elapsed: Elapsed, fetch: OutboundFetch): OutboundFetch {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url, request) => {
    if (elapsed() - failedAt < FAILURE_PAUSE_MS) throw new Error('the key set could not be read a moment ago');
    try {
      const response = await fetch(url, request);
      if (response.status !== 200) failedAt = elapsed();
      return response;
    } catch (error) {
      failedAt = elapsed();
      throw error;
    }
  };
}

/** Takes one of the readings that clients can cause; else the milliseconds until there is one again. */
export function createAllowance(elapsed: Elapsed): () => number {
  const mostMs = READINGS_IN_A_ROW * READING_PERIOD_MS;
  let creditMs = mostMs;
  let countedAt = elapsed();
  return () => {
    const at = elapsed();
    creditMs = Math.min(mostMs, creditMs + at - countedAt);
    countedAt = at;
    if (creditMs < READING_PERIOD_MS) return READING_PERIOD_MS - creditMs;
    creditMs -= READING_PERIOD_MS;
    return 0;
  };
}

/**
 * `read`, at most once a second; whoever comes in the pause waits for the next one, with all others.
 * Attack: anybody can send logout tokens. A budget of readings would be used up by invented ones, and the next token that
 * is signed with a new key refused: the provider sends none twice, and the session of one who was thrown out lives on.
 */
export function createPacedReading<T>(elapsed: Elapsed, read: () => Promise<T>): () => Promise<T> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let next: Promise<T> | undefined;
  async function readNext(): Promise<T> {
    // Also where there is nothing to wait for: `next` is set by then.
    await sleep(Math.max(0, startedAt + LOGOUT_PAUSE_MS - elapsed()));
    startedAt = elapsed();
    // From here on a token may come too late for this reading.
    next = undefined;
    return read();
  }
  return () => {
    next ??= readNext();
    return next;
  };
}
