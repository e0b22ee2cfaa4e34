/** Locks of this process that may be in the store although nobody holds them: the store did not respond in time. */
import type { Store } from './store.ts';

const RETRY_MS = 200;
/** After so long another process has taken them over, or soon will. */
const GIVE_UP_MS = 60_000;
/** Attack: a client that sends invented credentials while the store is slow would fill the memory. */
const MAX_DOUBTFUL = 1000;

/** A lock by its key, the value that it may have, and until when it is to be freed (monotonic milliseconds). */
interface Doubtful {
  key: string;
  value: string;
  until: number;
}

const doubtful = new WeakMap<Store, Set<Doubtful>>();

async function remove(store: Store, { key, value }: Doubtful): Promise<void> {
  if (await store.deleteIf(key, value)) return;
  // Its holder may have changed it since; what comes before the last dot is the holder's own.
  const present = await store.get(key);
  if (present?.startsWith(value.slice(0, value.lastIndexOf('.') + 1))) await store.deleteIf(key, present);
}

/** One after the other, so that a store that is still unavailable costs one attempt. */
async function removeAll(store: Store, locks: Set<Doubtful>): Promise<void> {
  for (const lock of locks) {
    if (performance.now() < lock.until) await remove(store, lock);
    locks.delete(lock);
  }
}

async function keepRemoving(store: Store, locks: Set<Doubtful>): Promise<void> {
  while (locks.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    await removeAll(store, locks).catch(() => undefined);
  }
}

/** Frees a lock as soon as the store responds again. Never rejects, holds nothing up. */
export function takeBack(store: Store, key: string, value: string): void {
  const locks = doubtful.get(store) ?? new Set();
  doubtful.set(store, locks);
  if (locks.size >= MAX_DOUBTFUL) return;
  locks.add({ key, value, until: performance.now() + GIVE_UP_MS });
  if (locks.size === 1) void keepRemoving(store, locks);
}

/**
 * Frees those at a key before it is locked anew.
 * @throws StoreUnavailable
 */
export async function takeBackFirst(store: Store, key: string): Promise<void> {
  const locks = doubtful.get(store);
  if (locks === undefined || locks.size === 0) return;
  for (const lock of locks) {
    if (lock.key !== key) continue;
    await remove(store, lock);
    locks.delete(lock);
  }
}
