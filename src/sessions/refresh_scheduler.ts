/** Decides when a session is refreshed, and by which replica: one refresh at a time, by a lock in the store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../async/deadline.ts';
import { createSingleFlight, type SingleFlight } from '../async/single_flight.ts';
import { ProviderUnavailable } from '../errors.ts';
import { type Lock, tryLock } from '../stores/lock.ts';
import { lockKey } from './keys.ts';
import {
  createSessionRefresh,
  type RefreshFailure,
  type RefreshOptions,
  type RefreshOutcome,
} from './refresh_session.ts';
import { type LiveSession, refreshDueAt } from './session.ts';
import type { CacheEntry } from './session_cache.ts';
import { decodeRecord } from './session_record.ts';

/** After a failed refresh no replica sends another one for this long, ... */
const OUTAGE_PAUSE_MS = 10_000;
/** ... and for no less than this where the tokens end soon. */
const MIN_OUTAGE_PAUSE_MS = 1_000;
/** A request that needs a new token waits for it this long. */
const MAX_WAIT_MS = 10_000;
/** A replica that waits for another one's refresh looks this often. */
const POLL_MS = 100;
/**
 * Where the refresh token was refused after the lock was taken over, its holder before may have used it, and is given so
 * long to write what it has brought.
 */
const TAKEN_OVER_PAUSE_MS = 30_000;
/**
 * Where a provider responds, but neither refreshes nor ends a session, its user is sent to a new login this long after
 * the tokens have ended: a word that we do not know may stand for a refresh token that is no longer good.
 */
const FAILED_GRACE_MS = 60_000;

/** What is in the lock's place during the pause after a failed refresh: its outcome. */
const isFailure = (value: string | undefined): value is RefreshFailure =>
  value === 'unavailable' || value === 'failed' || value === 'contested';

/** The refreshes that run in this process. */
export type Refreshes = SingleFlight<RefreshOutcome | 'in_progress'>;
export const createRefreshes = (): Refreshes => createSingleFlight();

export interface RefreshSchedulerOptions extends RefreshOptions {
  /** Those of all snapshots: one that began under another configuration is joined. */
  refreshes?: Refreshes | undefined;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
}

export function createRefreshScheduler(options: RefreshSchedulerOptions) {
  const { store, seal, now, elapsed } = options;
  const refresh = createSessionRefresh(options);
  const attempts = options.refreshes ?? createRefreshes();
  const waits = createSingleFlight<RefreshOutcome>();
  const run = (live: LiveSession) => attempts.run(live.key, () => attempt(live));

  /** A quarter of the time that is left, so that a provider that says "not now" is asked again before the tokens end. */
  function pauseMs({ session: { tokenExpiresAt } }: LiveSession): number {
    const leftMs = tokenExpiresAt - now();
    return leftMs > 0 ? Math.min(Math.max(leftMs / 4, MIN_OUTAGE_PAUSE_MS), OUTAGE_PAUSE_MS) : OUTAGE_PAUSE_MS;
  }

  async function attempt(live: LiveSession): Promise<RefreshOutcome | 'in_progress'> {
    const { key } = live;
    const lock = await tryLock(store, lockKey(key), { otherMs: TAKEN_OVER_PAUSE_MS });
    if (lock === undefined) return 'in_progress';
    let outcome: RefreshOutcome = 'unavailable';
    try {
      outcome = await refresh(key, lock.takenOver);
      return outcome;
    } finally {
      await leave(lock, live, outcome);
    }
  }

  async function leave(lock: Lock, live: LiveSession, outcome: RefreshOutcome): Promise<void> {
    if (outcome === 'contested') await lock.releaseTo(outcome, TAKEN_OVER_PAUSE_MS);
    else if (isFailure(outcome)) await lock.releaseTo(outcome, pauseMs(live));
    else await lock.release();
    // Of whoever took the lock over while this process was cut off from the store: it need wait for nothing any more.
    if (outcome === 'refreshed') await store.deleteIf(lockKey(live.key), 'contested').catch(() => undefined);
  }

  /** The outcome of another replica's refresh; `undefined` while it runs. */
  async function readOutcome(key: string): Promise<RefreshOutcome | undefined> {
    const [sealed, lock] = await store.getMany([key, lockKey(key)]);
    const record = sealed === undefined ? undefined : decodeRecord(seal, key, sealed);
    if (record === undefined) return 'ended';
    if (now() < refreshDueAt(record.session)) return 'refreshed';
    return isFailure(lock) ? lock : undefined;
  }

  async function waitFor(live: LiveSession): Promise<RefreshOutcome> {
    const deadline = performance.now() + MAX_WAIT_MS;
    while (performance.now() < deadline) {
      const outcome = await run(live);
      if (outcome !== 'in_progress') return outcome;
      const outcomeElsewhere = await readOutcome(live.key);
      if (outcomeElsewhere !== undefined) return outcomeElsewhere;
      await sleep(POLL_MS);
    }
    return 'unavailable';
  }

  return {
    /** Starts a refresh and returns at once: the present token is still valid. A failure only delays the next try. */
    refreshInBackground(entry: CacheEntry): void {
      if (elapsed() < entry.nextAttemptAt) return;
      entry.nextAttemptAt = elapsed() + pauseMs(entry.live);
      run(entry.live).catch((error) => {
        const message = 'a session could not be refreshed because the store is unavailable';
        options.events.emit('log', { level: 'warn', event: 'session.refresh_failed', message, error });
      });
    },
    /**
     * Waits for a refresh, at most 10 s: the token has expired, and without a new one there is no session.
     * @returns whether the session continues; else its user has to log in again
     * @throws ProviderUnavailable the provider gave no usable response: the session is kept, and a later request tries
     * again
     */
    async refreshNow({ live }: CacheEntry): Promise<boolean> {
      // However many requests wait for a session, one of them polls.
      const refreshed = waits.run(live.key, () => waitFor(live));
      const outcome = await withDeadline(refreshed, MAX_WAIT_MS, () => new ProviderUnavailable());
      const isInGrace = now() < live.session.tokenExpiresAt + FAILED_GRACE_MS;
      if (outcome === 'unavailable' || (isFailure(outcome) && isInGrace)) throw new ProviderUnavailable();
      return outcome === 'refreshed';
    },
    /** Resolves when no refresh runs: a process that stops earlier may lose a rotated refresh token. */
    idle: attempts.idle,
  };
}
