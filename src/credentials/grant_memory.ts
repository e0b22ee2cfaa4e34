/**
 * Remembers for a minute that a provider has no grant for user names and passwords, for all workers and replicas, so
 * that invented passwords cost it nothing.
 */
import { type Lock, tryLock } from '../stores/lock.ts';
import type { Store } from '../stores/store.ts';
import type { Requester } from './client_network.ts';
import { askOneFirst, type FirstAnswer, startFirstAnswer } from './first_answer.ts';

const PAUSE_MS = 60_000;
/** Longer than the pause, so that after it one process asks again and not all. */
const RECORD_MS = 120_000;
/** The lock of the process that waits for the first answer, in the record's place. Its value is no time. */
const ASKING_MS = 1000;

/** What is known of one application. `key` is that of its record in the store. */
export interface GrantMemory {
  /**
   * Whether the provider may be asked. After `true`, one of the other methods must be called.
   * @param record what was just read at `key`
   * @param requester who may have to wait while nothing is known
   * @throws StoreUnavailable
   */
  mayAsk(key: string, record: string | undefined, requester: Requester): Promise<boolean>;
  /** The provider has said that it has no such grant. Whether that is news. Throws `StoreUnavailable`. */
  notOffered(key: string): Promise<boolean>;
  /** The provider has taken the grant, whatever it thinks of the password. Never rejects. */
  offered(key: string): Promise<void>;
  /** The provider has said nothing. Never rejects. */
  unknown(key: string): Promise<void>;
}

interface Knowledge {
  offered: boolean;
  /** On the clock of `elapsed`. */
  pausedUntil: number;
  /** The log of this process or of another one has it. */
  reported: boolean;
  /** The record that this process has left in the store. */
  recorded?: string | undefined;
  /** While this process waits for the first answer. */
  asking?: Lock | undefined;
  first?: FirstAnswer | undefined;
}

/**
 * Milliseconds until the provider may be asked again. All processes read the record, so its end is a time since the
 * epoch. An end from the far future was written by a clock that is wrong: it would stop the grant for good.
 */
function pauseLeft(record: string, now: number): number {
  const leftMs = Number(record) - now;
  return leftMs <= RECORD_MS ? Math.max(0, leftMs) : 0;
}

const isPause = (record: string | undefined): record is string => record !== undefined && /^\d{1,15}$/.test(record);

/**
 * @param clocks `now`: milliseconds since the epoch, for the record; `elapsed`: milliseconds on a clock that nobody can
 * set, for the pause of this process
 */
export function createGrantMemory(
  store: Store,
  { now, elapsed }: { now: () => number; elapsed: () => number },
): GrantMemory {
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
  async function releaseLock(known: Knowledge): Promise<void> {
    const { asking } = known;
    known.asking = undefined;
    await asking?.release();
  }
  /** A record that cannot be removed ends by itself. */
  async function removeRecord(known: Knowledge, key: string): Promise<void> {
    const { recorded } = known;
    known.recorded = undefined;
    if (recorded !== undefined) await store.deleteIf(key, recorded).catch(() => undefined);
  }

  /** After the pause, one process asks: the one that moves its end. */
  async function takeTurn(known: Knowledge, key: string, record: string): Promise<boolean> {
    const leftMs = pauseLeft(record, now());
    const next = String(now() + PAUSE_MS);
    const isTurn = leftMs === 0 && (await store.replaceIf(key, record, next, RECORD_MS));
    Object.assign(known, { reported: true, pausedUntil: elapsed() + (isTurn ? PAUSE_MS : leftMs) });
    if (isTurn) known.recorded = next;
    return isTurn;
  }

  /** One try to be the process that asks first; `undefined`: another one does. */
  async function tryFirst(known: Knowledge, key: string): Promise<boolean | undefined> {
    known.asking = await tryLock(store, key, { onceMs: ASKING_MS });
    if (known.asking !== undefined) return true;
    const record = await store.get(key);
    return isPause(record) ? takeTurn(known, key, record) : undefined;
  }

  /** Attack: a burst of invented passwords would all be sent before the provider has said no to the first one. */
  async function waitForFirst(known: Knowledge, key: string, requester: Requester): Promise<boolean> {
    if (known.offered) return true;
    if (known.first !== undefined) return (await known.first.join(requester)) || known.pausedUntil <= elapsed();
    const first = startFirstAnswer(requester);
    known.first = first;
    try {
      const mayAsk = await askOneFirst(() => tryFirst(known, key), first);
      if (!mayAsk) answerFirst(known);
      return mayAsk;
    } catch (error) {
      answerFirst(known);
      throw error;
    }
  }

  return {
    async mayAsk(key, record, requester) {
      const known = knowledgeOf(key);
      if (known.pausedUntil > elapsed()) return false;
      return isPause(record) ? takeTurn(known, key, record) : waitForFirst(known, key, requester);
    },
    async notOffered(key) {
      const known = knowledgeOf(key);
      const isNews = !known.reported;
      const recorded = String(now() + PAUSE_MS);
      Object.assign(known, { offered: false, reported: true, pausedUntil: elapsed() + PAUSE_MS, recorded });
      known.asking = undefined;
      answerFirst(known);
      await store.set(key, recorded, RECORD_MS);
      return isNews;
    },
    async offered(key) {
      const known = knowledgeOf(key);
      Object.assign(known, { offered: true, reported: false, pausedUntil: 0 });
      answerFirst(known);
      await releaseLock(known);
      await removeRecord(known, key);
    },
    async unknown(key) {
      const known = knowledgeOf(key);
      answerFirst(known);
      await releaseLock(known);
    },
  };
}
