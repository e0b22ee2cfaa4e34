/**
 * Remembers for a minute that a provider has no grant for user names and passwords, for all workers and replicas, so
 * that invented passwords cost it nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../stores/store.ts';

const PAUSE_MS = 60_000;
/** Longer than the pause, so that after it one process asks again and not all. */
const RECORD_MS = 120_000;
/** While nothing is known yet, the others wait so long for the answer to the first request. */
const FIRST_ANSWER_MS = 500;

/** What is known of one application. `key` is that of its record in the store. */
export interface GrantMemory {
  /**
   * Whether the provider may be asked. After `true`, one of the other methods must be called.
   * @param record what was just read at `key`
   * @throws StoreUnavailable
   */
  mayAsk(key: string, record: string | undefined): Promise<boolean>;
  /** The provider has said that it has no such grant. Whether that is news to this process. Throws `StoreUnavailable`. */
  notOffered(key: string): Promise<boolean>;
  /** The provider has taken the grant, whatever it thinks of the password. Throws `StoreUnavailable`. */
  offered(key: string): Promise<void>;
  /** The provider has said nothing. */
  unknown(key: string): void;
}

interface Knowledge {
  offered: boolean;
  /** Milliseconds since the epoch. */
  pausedUntil: number;
  reported: boolean;
  /** The first request, which the others wait for. */
  first?: { answered: Promise<void>; answer: () => void } | undefined;
}

/**
 * When the provider may be asked again (milliseconds since the epoch). An end from the far future was written by a
 * clock that is wrong: it would stop the grant for good.
 */
function endOfPause(record: string, now: number): number {
  const end = /^\d{1,15}$/.test(record) ? Number(record) : 0;
  return end <= now + RECORD_MS ? end : 0;
}

function beginFirst(): NonNullable<Knowledge['first']> {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  return { answered: Promise.race([answered, sleep(FIRST_ANSWER_MS, undefined, { ref: false })]), answer };
}

/** @param now milliseconds since the epoch */
export function createGrantMemory(store: Store, now: () => number): GrantMemory {
  const applications = new Map<string, Knowledge>();

  function knowledgeOf(key: string): Knowledge {
    const known = applications.get(key) ?? { offered: false, pausedUntil: 0, reported: false };
    applications.set(key, known);
    return known;
  }
  function answerFirst(known: Knowledge): void {
    known.first?.answer();
    known.first = undefined;
  }

  /** Attack: a burst of invented passwords would all be sent before the provider has said no to the first one. */
  async function waitForFirst(known: Knowledge): Promise<boolean> {
    if (known.offered) return true;
    if (known.first === undefined) {
      known.first = beginFirst();
      return true;
    }
    await known.first.answered;
    return known.pausedUntil <= now();
  }

  /** After the pause, one process asks: the one that moves its end. */
  async function takeTurn(known: Knowledge, key: string, record: string): Promise<boolean> {
    const end = endOfPause(record, now());
    const isTurn = end <= now() && (await store.replaceIf(key, record, String(now() + PAUSE_MS), RECORD_MS));
    known.pausedUntil = isTurn ? now() + PAUSE_MS : end;
    return isTurn;
  }

  return {
    async mayAsk(key, record) {
      const known = knowledgeOf(key);
      if (known.pausedUntil > now()) return false;
      return record === undefined ? waitForFirst(known) : takeTurn(known, key, record);
    },
    async notOffered(key) {
      const known = knowledgeOf(key);
      const isNews = !known.reported;
      Object.assign(known, { offered: false, reported: true, pausedUntil: now() + PAUSE_MS });
      answerFirst(known);
      await store.set(key, String(known.pausedUntil), RECORD_MS);
      return isNews;
    },
    async offered(key) {
      const known = knowledgeOf(key);
      const wasPaused = known.pausedUntil > 0;
      Object.assign(known, { offered: true, reported: false, pausedUntil: 0 });
      answerFirst(known);
      if (wasPaused) await store.delete(key);
    },
    unknown: (key) => answerFirst(knowledgeOf(key)),
  };
}
