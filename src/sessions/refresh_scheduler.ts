/** Refreshes sessions one request at a time: over all replicas by a lock in the store, in this process by a map. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderUnavailable } from '../errors.ts';
import { lockKey } from './keys.ts';
import { refreshDueAt } from './refresh_due.ts';
import { createSessionRefresh, type RefreshOptions, type RefreshOutcome } from './refresh_session.ts';
import type { CacheEntry } from './session_cache.ts';
import { decodeRecord } from './session_record.ts';

/** Longer than the slowest provider (10 s) and the first tries to write its answer. Milliseconds, as all here. */
const LOCK_MS = 30_000;
/** After a provider gave no answer, nobody asks it again for this long. */
const OUTAGE_PAUSE_MS = 10_000;
/** How long a request waits for a refresh that it cannot do without. */
const MAX_WAIT_MS = 10_000;
/** How often a replica looks whether another one has finished. */
const POLL_MS = 100;
/** What the lock says while the provider is given its pause. No other lock has this value: they are 12 characters. */
const UNAVAILABLE = 'away';

export function createRefreshScheduler(options: RefreshOptions) {
  const { store, seal, now } = options;
  const renew = createSessionRefresh(options);
  const running = new Map<string, Promise<RefreshOutcome | 'elsewhere'>>();
  const settling = new Map<string, Promise<RefreshOutcome>>();

  async function unlock(lock: string, owner: string, outcome: RefreshOutcome): Promise<void> {
    if (outcome === 'away') return store.set(lock, UNAVAILABLE, OUTAGE_PAUSE_MS);
    // Not somebody else's lock, should ours have run out.
    if ((await store.get(lock)) === owner) await store.delete(lock);
  }

  async function attempt(key: string): Promise<RefreshOutcome | 'elsewhere'> {
    const lock = lockKey(key);
    const owner = randomBytes(9).toString('base64url');
    if (!(await store.add(lock, owner, LOCK_MS))) return 'elsewhere';
    let outcome: RefreshOutcome = 'away';
    try {
      outcome = await renew(key);
      return outcome;
    } finally {
      // When the store is away now, the lock ends by itself; the outcome stands.
      await unlock(lock, owner, outcome).catch(() => undefined);
    }
  }

  function run(key: string): Promise<RefreshOutcome | 'elsewhere'> {
    const present = running.get(key);
    if (present !== undefined) return present;
    const attempted = attempt(key).finally(() => running.delete(key));
    running.set(key, attempted);
    return attempted;
  }

  /** What another replica has made of it so far; `undefined` while it is still at it. */
  async function lookElsewhere(key: string): Promise<RefreshOutcome | undefined> {
    const [sealed, lock] = await store.getMany([key, lockKey(key)]);
    const row = sealed === undefined ? undefined : decodeRecord(seal, key, sealed);
    if (row === undefined) return 'ended';
    if (now() < refreshDueAt(row.session)) return 'refreshed';
    return lock === UNAVAILABLE ? 'away' : undefined;
  }

  async function waitFor(key: string): Promise<RefreshOutcome> {
    const end = performance.now() + MAX_WAIT_MS;
    while (performance.now() < end) {
      const outcome = await run(key);
      if (outcome !== 'elsewhere') return outcome;
      const seen = await lookElsewhere(key);
      if (seen !== undefined) return seen;
      await sleep(POLL_MS);
    }
    return 'away';
  }

  /** However many requests wait for a session, one of them looks. */
  function settle(key: string): Promise<RefreshOutcome> {
    const present = settling.get(key);
    if (present !== undefined) return present;
    const settled = waitFor(key).finally(() => settling.delete(key));
    settling.set(key, settled);
    return settled;
  }

  return {
    /** Starts a refresh and returns at once; the present token still lives. Failures only put off the next try. */
    refreshInBackground(copy: CacheEntry): void {
      if (now() < copy.nextAttemptAt) return;
      copy.nextAttemptAt = now() + OUTAGE_PAUSE_MS;
      run(copy.live.key).catch((error) => {
        const message = 'a session could not be refreshed because the store is away';
        options.events?.emit('log', { level: 'warn', event: 'session.refresh_failed', message, error });
      });
    },
    /**
     * Waits for a refresh, at most 10 s: the token has ended, and without a new one there is no session.
     * Whether the session goes on. Throws `ProviderUnavailable` when the provider gave no answer: the session is not lost,
     * a later request tries again.
     */
    async refreshNow(copy: CacheEntry): Promise<boolean> {
      const late = sleep(MAX_WAIT_MS, 'away' as const, { ref: false });
      const outcome = await Promise.race([settle(copy.live.key), late]);
      if (outcome === 'away') throw new ProviderUnavailable();
      return outcome === 'refreshed';
    },
    /** Resolves when no refresh is under way: a process that stops earlier may lose a rotated refresh token. */
    async idle(): Promise<void> {
      while (running.size > 0) await Promise.allSettled(running.values());
    },
  };
}
