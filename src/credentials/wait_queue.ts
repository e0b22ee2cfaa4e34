/**
 * The queues of guesses in this process, one for each counter: where guesses that the provider has not answered yet
 * have all places, the next one waits for their answers, as a right one gives its place back.
 */
import { ProviderUnavailable } from '../errors.ts';
import { createLru } from '../lru.ts';
import type { Reservation } from '../stores/reservations.ts';

/** Guesses behind this many others are held back at once. */
const MAX_WAITING = 100;
const MAX_WAIT_MS = 10_000;
/** So long a counter that was full is not read again: guesses over the limit cost the store next to nothing. */
const FULL_CACHE_MS = 1000;
const MAX_FULL = 10_000;

interface Queue {
  /** Guesses that have a place and no answer. */
  unanswered: number;
  /** Answers so far. */
  answers: number;
  /** Guesses without a place. */
  waiting: number;
  /** Resolves when the last one in the queue has a place or is held back. */
  tail: Promise<void>;
  /** Wakes the first one in the queue. */
  wake: () => void;
}

export interface WaitQueues {
  /**
   * Takes a place after those that came before.
   * @param reserve takes the place in the store
   * @throws StoreUnavailable; ProviderUnavailable after ten seconds
   */
  enter(key: string, reserve: () => Promise<Reservation>): Promise<Reservation>;
  /** Takes a place now or not at all. Throws `StoreUnavailable`. */
  tryNow(key: string, reserve: () => Promise<Reservation>): Promise<Reservation>;
  /** Milliseconds until a counter has a place, if it was full a moment ago; reads nothing. */
  fullFor(key: string): number | undefined;
  /** A guess that has a place was answered. `freed`: it gave its place back. */
  settle(key: string, freed: boolean): void;
}

/** @param elapsed milliseconds on a clock that nobody can set */
export function createWaitQueues(elapsed: () => number): WaitQueues {
  const queues = new Map<string, Queue>();
  const fullCounters = createLru<string, { readAgainAt: number; freeAt: number }>(MAX_FULL);

  function queueOf(key: string): Queue {
    const queue = queues.get(key) ?? { unanswered: 0, answers: 0, waiting: 0, tail: Promise.resolve(), wake: () => {} };
    queues.set(key, queue);
    return queue;
  }
  function removeIfEmpty(key: string, { unanswered, waiting }: Queue): void {
    if (unanswered === 0 && waiting === 0) queues.delete(key);
  }
  function fullFor(key: string): number | undefined {
    const full = fullCounters.get(key);
    return full === undefined || full.readAgainAt <= elapsed() ? undefined : full.freeAt - elapsed();
  }
  function remember(key: string, retryAfterMs: number): void {
    const readAgainAt = elapsed() + Math.min(FULL_CACHE_MS, retryAfterMs);
    fullCounters.set(key, { readAgainAt, freeAt: elapsed() + retryAfterMs });
  }

  const nextAnswer = (queue: Queue) =>
    new Promise<void>((resolve) => {
      queue.wake = resolve;
    });

  /** One try of the first one in the queue; `undefined`: try again. */
  async function tryReserve(key: string, queue: Queue, reserve: () => Promise<Reservation>) {
    const retryAfterMs = fullFor(key);
    if (retryAfterMs !== undefined) return { kind: 'full' as const, retryAfterMs };
    const { answers } = queue;
    const reservation = await reserve();
    if (reservation.kind === 'reserved') {
      queue.unanswered += 1;
      return reservation;
    }
    // An answer that came meanwhile may have freed a place.
    if (queue.answers !== answers) return undefined;
    if (queue.unanswered > 0) return nextAnswer(queue);
    remember(key, reservation.retryAfterMs);
    return reservation;
  }

  async function reserveFirst(key: string, queue: Queue, reserve: () => Promise<Reservation>): Promise<Reservation> {
    const deadline = elapsed() + MAX_WAIT_MS;
    for (;;) {
      const reservation = await tryReserve(key, queue, reserve);
      if (reservation) return reservation;
      if (elapsed() > deadline) throw new ProviderUnavailable('too many requests wait for the provider');
    }
  }

  return {
    async enter(key, reserve) {
      const queue = queueOf(key);
      if (queue.waiting >= MAX_WAITING) return { kind: 'full', retryAfterMs: MAX_WAIT_MS };
      const { tail } = queue;
      let next = () => {};
      queue.tail = new Promise((resolve) => {
        next = resolve;
      });
      queue.waiting += 1;
      try {
        await tail;
        return await reserveFirst(key, queue, reserve);
      } finally {
        queue.waiting -= 1;
        next();
        removeIfEmpty(key, queue);
      }
    },
    async tryNow(key, reserve) {
      const reservation = await reserve();
      if (reservation.kind === 'full') remember(key, reservation.retryAfterMs);
      return reservation;
    },
    fullFor,
    settle(key, freed) {
      const queue = queueOf(key);
      queue.unanswered -= 1;
      queue.answers += 1;
      if (freed) fullCounters.delete(key);
      if (freed || queue.unanswered === 0) queue.wake();
      removeIfEmpty(key, queue);
    },
  };
}
