/** Makes requests that come together with one credential ask one question: within the process, and over all replicas. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderUnavailable } from '../errors.ts';
import { lockKey, sessionKey } from '../sessions/keys.ts';
import type { Store } from '../stores/store.ts';

/** Longer than the provider may take (10 s), so that it frees itself only where a replica has died. */
const LOCK_MS = 12_000;
const POLL_MS = 50;

export type Unlock = () => Promise<void>;

export interface CredentialLock<T> {
  /** Joins the work that is under way for this id, or begins it. */
  join(id: string, work: () => Promise<T>): Promise<T>;
  /** The lock of this id over all replicas; `undefined` when another one has it. May throw `StoreUnavailable`. */
  tryLock(id: string): Promise<Unlock | undefined>;
  /** Waits for the lock; `ProviderUnavailable` where the one who has it gets no answer. */
  lock(id: string): Promise<Unlock>;
}

export function createCredentialLock<T>(store: Store): CredentialLock<T> {
  const flights = new Map<string, Promise<T>>();

  async function tryLock(id: string): Promise<Unlock | undefined> {
    const key = lockKey(sessionKey(id));
    if (!(await store.add(key, '1', LOCK_MS))) return undefined;
    // A lock that cannot be taken away ends by itself; the answer is known and must not suffer from it.
    return () => store.delete(key).catch(() => {});
  }

  return {
    join(id, work) {
      const running = flights.get(id);
      if (running !== undefined) return running;
      const flight = work().finally(() => flights.delete(id));
      flights.set(id, flight);
      return flight;
    },
    tryLock,
    async lock(id) {
      for (let looks = LOCK_MS / POLL_MS; looks > 0; looks--) {
        const unlock = await tryLock(id);
        if (unlock !== undefined) return unlock;
        await sleep(POLL_MS);
      }
      throw new ProviderUnavailable('another replica waits for the answer to the same question');
    },
  };
}
