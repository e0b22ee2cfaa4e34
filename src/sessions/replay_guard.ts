/** Lets something be used once, over all replicas: a logout token that an attacker may have recorded. */
import type { Seal } from '../crypto/seal.ts';
import { type Lock, tryLock } from '../stores/lock.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys } from './keys.ts';

/** Longer than the store may take for the work of one use. */
const IN_PROGRESS_MS = 5000;

/** As `Sessions.consumeOnce`. */
export function createReplayGuard(store: Store, seal: Seal) {
  return async (name: string, ttlMs: number, work: () => Promise<void> = async () => {}): Promise<boolean> => {
    // Under the keys of every secret: during a rotation, replicas differ in which secret comes first. In one order, so
    // that two replicas that use the same token do not each take one key and refuse it both.
    const keys = keyedHashKeys(seal, 'j', name).toSorted();
    const locks: Lock[] = [];
    const releaseAll = () => Promise.all(locks.map((lock) => lock.release()));
    try {
      for (const key of keys) {
        const lock = await tryLock(store, key, IN_PROGRESS_MS);
        if (lock === undefined) {
          await releaseAll();
          return false;
        }
        locks.push(lock);
      }
      await work();
      await Promise.all(locks.map((lock) => lock.extend(ttlMs)));
    } catch (error) {
      // A failed use does not count: the provider sends its token again.
      await releaseAll();
      throw error;
    }
    return true;
  };
}
