/**
 * A lock over all processes that share a store. Its holder shows again and again that it lives; a lock whose holder was
 * not seen to live for a while is taken over. No clock decides that but the monotonic one of whoever looks.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLru } from '../lru.ts';
import { takeBack, takeBackFirst } from './doubtful_locks.ts';
import type { Store } from './store.ts';

/** A holder changes its lock so often. */
const BEAT_MS = 1000;
/** A lock that does not change for so long has no living holder; longer than a process may be held up and go on. */
const LEASE_MS = 8000;
/** A lock that nobody looks at ends by itself; longer than any wait, and than the clocks of two processes may differ. */
const TTL_MS = 600_000;
/** Locks of others that a process looks at. */
const MAX_OBSERVED = 10_000;

/** A lock that this process holds until it releases it, or another process takes it over. */
export interface Lock {
  /** Its holder before was not seen to live any more. */
  takenOver: boolean;
  /** Frees the lock if it is still ours. Never rejects: a lock that cannot be freed now is freed as soon as it can. */
  release(): Promise<void>;
  /** Leaves `value` in the lock's place for `ttlMs`, if it is still ours. Never rejects. */
  releaseTo(value: string, ttlMs: number): Promise<void>;
}

export interface LockOptions {
  /** Its holder does not show that it lives: the lock counts for so long (milliseconds). */
  onceMs?: number;
  /** What `releaseTo` has left in the lock's place counts for so long, should the store's clock be wrong (milliseconds). */
  otherMs?: number;
}

/** When a process saw first what it sees at a key, on the monotonic clock. */
interface Observation {
  value: string;
  since: number;
}

const observations = new WeakMap<Store, ReturnType<typeof createLru<string, Observation>>>();

/** Whether a record is a lock, and not what `releaseTo` has left in its place. */
export const isLock = (value: string) => /^lock\.[\w-]{22}\.\d+$/.test(value);

/** For how long this process has seen the same value (milliseconds). */
function unchangedMs(store: Store, key: string, value: string): number {
  const seen = observations.get(store) ?? createLru<string, Observation>(MAX_OBSERVED);
  observations.set(store, seen);
  const now = performance.now();
  const known = seen.get(key);
  if (known?.value === value) return now - known.since;
  seen.set(key, { value, since: now });
  return 0;
}

/**
 * Takes the lock at `key`, unless another holder has it.
 * @returns `undefined` when it is taken
 * @throws StoreUnavailable
 */
export async function tryLock(store: Store, key: string, options: LockOptions = {}): Promise<Lock | undefined> {
  const { onceMs, otherMs = Number.POSITIVE_INFINITY } = options;
  // Attack: a holder that is slower than its lock lives would free the lock of the next holder, and let a third one in
  // beside it. So each holder writes a value of its own, and the store compares and deletes in one step.
  const owner = `lock.${randomBytes(16).toString('base64url')}`;
  const value = `${owner}.0`;
  const hold = (takenOver: boolean) => holdLock(store, key, { owner, beats: onceMs === undefined, takenOver });
  await takeBackFirst(store, key);
  try {
    if (await store.add(key, value, onceMs ?? TTL_MS)) return hold(false);
    const present = await store.get(key);
    if (present === undefined) return undefined;
    const leaseMs = isLock(present) ? (onceMs ?? LEASE_MS) : otherMs;
    if (unchangedMs(store, key, present) < leaseMs) return undefined;
    return (await store.replaceIf(key, present, value, onceMs ?? TTL_MS)) ? hold(isLock(present)) : undefined;
  } catch (error) {
    // It may have been taken although the store's response is missing: then nobody would hold it.
    takeBack(store, key, value);
    throw error;
  }
}

function holdLock(
  store: Store,
  key: string,
  { owner, beats, takenOver }: { owner: string; beats: boolean; takenOver: boolean },
): Lock {
  let count = 0;
  let released = false;
  let beating: Promise<void> = Promise.resolve();
  const present = () => `${owner}.${count}`;

  /** What is there after a beat whose response is missing may be the value before or after it. */
  async function change(next: string, ttlMs: number): Promise<boolean> {
    if (await store.replaceIf(key, present(), next, ttlMs)) return true;
    const there = await store.get(key);
    if (there?.startsWith(`${owner}.`)) return store.replaceIf(key, there, next, ttlMs);
    return there === undefined && !released && store.add(key, next, ttlMs);
  }

  async function beat(): Promise<void> {
    const next = `${owner}.${count + 1}`;
    try {
      const isOurs = await change(next, TTL_MS);
      count++;
      if (!isOurs) clearInterval(timer);
    } catch {
      // The store is unavailable: the next beat may reach it.
    }
  }
  const timer = setInterval(() => {
    beating = beat();
  }, BEAT_MS).unref();
  if (!beats) clearInterval(timer);

  async function end(finish: () => Promise<unknown>): Promise<void> {
    clearInterval(timer);
    released = true;
    await beating;
    try {
      await finish();
    } catch {
      takeBack(store, key, present());
    }
  }
  return {
    takenOver,
    release: () =>
      end(async () => {
        if (await store.deleteIf(key, present())) return;
        const there = await store.get(key);
        if (there?.startsWith(`${owner}.`)) await store.deleteIf(key, there);
      }),
    releaseTo: (value, ttlMs) => end(() => change(value, ttlMs)),
  };
}

/**
 * Waits for the lock at `key`.
 * @param wait `pollMs` between two tries; `timeoutMs` that the caller waits in all; `giveUp` ends the wait
 * @returns `undefined` when it was taken all the time
 * @throws StoreUnavailable
 */
export async function waitForLock(
  store: Store,
  key: string,
  { pollMs, timeoutMs, giveUp }: { pollMs: number; timeoutMs: number; giveUp?: () => Promise<boolean> },
): Promise<Lock | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = await tryLock(store, key);
    if (lock !== undefined || performance.now() >= deadline || (await giveUp?.())) return lock;
    await sleep(pollMs);
  }
}
