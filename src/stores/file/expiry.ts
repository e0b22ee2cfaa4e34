/** Removes expired records of the file store: once a minute, by one process at a time, in small slices. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Transaction } from './database.ts';

const EVERY_MS = 60_000;
/** Processes that start together do not wake together. */
const MAX_JITTER_MS = 5000;
const SLICE_RECORDS = 500;
/** Between two slices, so that requests go first. */
const SLICE_PAUSE_MS = 20;
/** Until when no other process needs to look: a lease, which unlike a lock (stores/lock.ts) is never released. */
const LEASE_KEY = '.sweep';
const LEASE_MS = EVERY_MS - 1000;

export interface ExpiryOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** When a raw record ends (milliseconds since the epoch). */
  expiresAtOf: (raw: string) => number;
}

function takeLease(transaction: Transaction, now: number): boolean {
  const until = Number(transaction.get(LEASE_KEY) ?? 0);
  // A lease from the far future was written before the clock was put back: it would stop the removal for good.
  if (until > now && until <= now + EVERY_MS) return false;
  void transaction.put(LEASE_KEY, String(now + LEASE_MS));
  return true;
}

/** Removes all expired records once, unless another process has done so within the last minute; how many it removed. */
export async function removeExpired(database: Database, options: ExpiryOptions): Promise<number> {
  const { now, expiresAtOf } = options;
  if (!(await database.commit((transaction) => takeLease(transaction, now())))) return 0;
  let removed = 0;
  // Keys that begin with a dot are the store's own and come before all records.
  for (let start = 'a'; ; ) {
    const slice = database.slice(start, SLICE_RECORDS);
    const expired = slice.filter(({ value }) => expiresAtOf(value) <= now()).map(({ key }) => key);
    if (expired.length > 0)
      removed += await database.commit((transaction) => removeSlice(transaction, expired, options));
    const last = slice.at(-1);
    if (last === undefined || slice.length < SLICE_RECORDS) return removed;
    start = `${last.key}\u0001`;
    await sleep(SLICE_PAUSE_MS, undefined, { ref: false });
  }
}

function removeSlice(transaction: Transaction, keys: string[], { now, expiresAtOf }: ExpiryOptions): number {
  let removed = 0;
  for (const key of keys) {
    // It may have been written anew since it was read.
    const raw = transaction.get(key);
    if (raw === undefined || expiresAtOf(raw) > now()) continue;
    void transaction.remove(key);
    removed++;
  }
  return removed;
}

/** Removes expired records every minute or so; the returned function stops that. */
export function startExpiry(database: Database, options: ExpiryOptions): () => void {
  const remove = () => void removeExpired(database, options).catch(() => undefined);
  const timer = setInterval(remove, EVERY_MS + Math.random() * MAX_JITTER_MS);
  timer.unref();
  return () => clearInterval(timer);
}
