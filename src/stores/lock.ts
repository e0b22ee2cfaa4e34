/** A lock over all processes that share a store. Only its holder can release it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from './store.ts';

/** A lock that this process holds until it releases it or its time ends. */
export interface Lock {
  /** Frees the lock if it is still ours. Never rejects: a lock that cannot be freed ends by itself. */
  release(): Promise<void>;
  /** Makes the lock last `ttlMs` from now, whether or not it has ended meanwhile. Throws `StoreUnavailable`. */
  extend(ttlMs: number): Promise<void>;
  /** Leaves `value` in the lock's place for `ttlMs`, if it is still ours. Never rejects. */
  releaseTo(value: string, ttlMs: number): Promise<void>;
}

/**
 * Takes the lock at `key`, unless another holder has it.
 * @param ttlMs milliseconds after which the lock ends by itself, should its holder die
 * @returns `undefined` when it is taken
 * @throws StoreUnavailable
 */
export async function tryLock(store: Store, key: string, ttlMs: number): Promise<Lock | undefined> {
  // Attack: a holder that is slower than its lock lives would free the lock of the next holder, and let a third one in
  // beside it. So each holder writes a value of its own, and the store compares and deletes in one step.
  const owner = randomBytes(16).toString('base64url');
  if (!(await store.add(key, owner, ttlMs))) return undefined;
  const ignore = () => undefined;
  return {
    release: () => store.deleteIf(key, owner).then(ignore, ignore),
    extend: (newTtlMs) => store.set(key, owner, newTtlMs),
    releaseTo: (value, valueTtlMs) => store.replaceIf(key, owner, value, valueTtlMs).then(ignore, ignore),
  };
}

/**
 * Waits for the lock at `key`.
 * @param options `ttlMs` as for `tryLock`; `pollMs` between two tries; `timeoutMs` that the caller waits in all
 * @returns `undefined` when it was taken all the time
 * @throws StoreUnavailable
 */
export async function waitForLock(
  store: Store,
  key: string,
  { ttlMs, pollMs, timeoutMs }: { ttlMs: number; pollMs: number; timeoutMs: number },
): Promise<Lock | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = await tryLock(store, key, ttlMs);
    if (lock !== undefined || performance.now() >= deadline) return lock;
    await sleep(pollMs);
  }
}
