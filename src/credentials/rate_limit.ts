/**
 * Stops guessing without locking anybody out: counts the refusals of one user name from one address, of an address, and
 * of a user name. The counters are the store's, shared by all workers and replicas.
 */
import type { Config } from '../config/schema/config.ts';
import type { Reservation } from '../stores/reservations.ts';
import type { Store } from '../stores/store.ts';
import { type Counter, createGuessCounters, type Guess } from './guess_counters.ts';
import { createWaitQueues, type WaitQueues } from './wait_queue.ts';

const WINDOW_MS = 60_000;

const toSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

/** A place in every counter of a guess. One of the methods must be called once the provider has answered. */
export interface Permit {
  /** The credential was refused: keeps the places for a minute from now. Whether one of them is the last. */
  refused(): Promise<boolean>;
  /** It was accepted: gives all places back, those of earlier refusals too. Never rejects. */
  accepted(): Promise<void>;
  /** Nothing was found out: gives back what was taken. Never rejects. After one of the others it does nothing. */
  release(): Promise<void>;
}

export interface RateLimit {
  /**
   * Attack: a thousand parallel guesses would all read a count of zero. So a guess takes its places before the provider
   * is asked; where its process dies, they end by themselves.
   * @returns the permit, or the seconds after which the client may come again
   * @throws StoreUnavailable, ProviderUnavailable
   */
  acquire(guess: Guess): Promise<Permit | { retryAfter: number }>;
}

interface Place extends Counter {
  added: boolean;
}

export function createRateLimit(options: {
  store: Store;
  counterKeyFor(...parts: string[]): string;
  limits: Config['limits'];
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
  /** Those of all snapshots: a guess waits for the answers to the guesses before it. */
  queues?: WaitQueues | undefined;
}): RateLimit {
  const { store, queues = createWaitQueues(options.elapsed) } = options;
  const countersOf = createGuessCounters(options);

  function reserve({ key, limit, waits }: Counter, id: string): Promise<Reservation> {
    const take = () => store.reserve(key, id, limit, WINDOW_MS);
    return waits ? queues.enter(key, take) : queues.tryNow(key, take);
  }

  /** A place that cannot be given back ends by itself. */
  async function giveBack(places: readonly Place[], id: string, all: boolean): Promise<void> {
    await Promise.all(
      places.map(async ({ key, waits, added }) => {
        if (all || added) await store.cancel(key, id).catch(() => undefined);
        if (waits) queues.settle(key, true);
      }),
    );
  }

  async function keep(places: readonly Place[], id: string): Promise<boolean> {
    try {
      const kept = await Promise.all(
        // The refusal is a fact, so no limit applies.
        places.map(({ key }) => store.reserve(key, id, Number.MAX_SAFE_INTEGER, WINDOW_MS)),
      );
      return kept.some((one, index) => one.kind === 'reserved' && one.count === places[index]?.limit);
    } finally {
      for (const { key, waits } of places) if (waits) queues.settle(key, false);
    }
  }

  function permitFor(places: readonly Place[], id: string): Permit {
    let settled = false;
    const once = <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
      if (settled) return Promise.resolve(otherwise);
      settled = true;
      return work();
    };
    return {
      refused: () => once(() => keep(places, id), false),
      accepted: () => once(() => giveBack(places, id, true), undefined),
      release: () => once(() => giveBack(places, id, false), undefined),
    };
  }

  return {
    async acquire(guess) {
      const counters = countersOf(guess);
      // Attack: guesses that a wide counter holds back would each take and give back the places of the narrow ones, and
      // keep the store busy.
      for (const { key } of counters) {
        const retryAfterMs = queues.fullFor(key);
        if (retryAfterMs !== undefined) return { retryAfter: toSeconds(retryAfterMs) };
      }
      const places: Place[] = [];
      try {
        for (const counter of counters) {
          const reservation = await reserve(counter, guess.id);
          if (reservation.kind === 'full') {
            await giveBack(places, guess.id, false);
            return { retryAfter: toSeconds(reservation.retryAfterMs) };
          }
          places.push({ ...counter, added: reservation.added });
        }
        return permitFor(places, guess.id);
      } catch (error) {
        await giveBack(places, guess.id, false);
        throw error;
      }
    },
  };
}
