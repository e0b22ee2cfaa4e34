/** Lets something be used once, over all replicas: a token that says "sign out" and that somebody may have recorded. */

import type { Seal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys } from './keys.ts';

/** Longer than the store may take for what a use does (milliseconds). */
const IN_PROGRESS_MS = 5000;

/** As `Sessions.firstUse`. */
export function createReplayGuard(store: Store, seal: Seal) {
  return async (name: string, ttl: number, work: () => Promise<void> = async () => {}): Promise<boolean> => {
    // Under the name of every secret: while a secret is rotated, replicas differ in which one comes first.
    const keys = keyedHashKeys(seal, 'j', name);
    const added = await Promise.all(keys.map((key) => store.add(key, '1', IN_PROGRESS_MS)));
    if (!added.every(Boolean)) return false;
    try {
      await work();
      await Promise.all(keys.map((key) => store.set(key, '1', ttl)));
    } catch (error) {
      // Not used up by a use that failed: the provider sends its token again. A row that cannot be removed now ends soon.
      await Promise.all(keys.map((key) => store.delete(key))).catch(() => undefined);
      throw error;
    }
    return true;
  };
}
