/** Lets something be used once, over all replicas: a logout token that an attacker may have recorded. */
import { randomBytes } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';
import { StoreUnavailable } from '../errors.ts';
import { takeBack } from '../stores/doubtful_locks.ts';
import { isLock, type Lock, waitForLock } from '../stores/lock.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys } from './keys.ts';

/** Another use of the same name is waited for: a sign-out takes less. */
const WAIT = { pollMs: 50, timeoutMs: 2000 };

/** As `Sessions.consumeOnce`. */
export function createReplayGuard(store: Store, seal: Seal) {
  /**
   * The lock of a use; `undefined` where there was one.
   * @throws StoreUnavailable also while another use is in progress: whether it will be done, nobody knows
   */
  async function lockUse(key: string): Promise<Lock | undefined> {
    const isUsed = async () => {
      const present = await store.get(key);
      return present !== undefined && !isLock(present);
    };
    const lock = await waitForLock(store, key, { ...WAIT, giveUp: isUsed });
    if (lock !== undefined || (await isUsed())) return lock;
    throw new StoreUnavailable(new Error('another process uses the same token'));
  }

  return async (name: string, ttlMs: number, work: () => Promise<void> = async () => {}): Promise<boolean> => {
    // Under the keys of every secret: during a rotation, replicas differ in which secret comes first. In one order, so
    // that two replicas that use the same token do not each take one key and refuse it both.
    const keys = keyedHashKeys(seal, 'j', name).toSorted();
    const locks: Lock[] = [];
    /** What is left in the place of the locks of a use that was done. */
    const used = `used.${randomBytes(16).toString('base64url')}.0`;
    try {
      for (const key of keys) {
        const lock = await lockUse(key);
        if (lock === undefined) return false;
        locks.push(lock);
      }
      await work();
      await Promise.all(keys.map((key) => store.set(key, used, ttlMs)));
      return true;
    } catch (error) {
      // A use that failed does not count, nor one that may have been marked: the provider sends its token again.
      for (const key of keys) takeBack(store, key, used);
      throw error;
    } finally {
      // Those that are marked are no longer ours to free.
      await Promise.all(locks.map((lock) => lock.release()));
    }
  };
}
