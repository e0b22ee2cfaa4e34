/** Removes expired rows of the file store in the background: a minute apart, by one process at a time, in small pieces. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';

const SWEEP_EVERY_MS = 60_000;
const SLICE = 500;
/** Between two pieces, so that requests go first. */
const SLICE_PAUSE_MS = 20;
/** The row that says until when somebody is sweeping. */
const LEASE_MS = '.sweep';

export interface ExpiryOptions {
  now: () => number;
  /** When a raw row ends (milliseconds since the epoch). */
  expiresAtOf: (row: string) => number;
}

/** Sweeps once, if nobody else does; how many rows it removed. */
export async function removeExpired(database: Database, { now, expiresAtOf }: ExpiryOptions): Promise<number> {
  const mine = await database.commit((transaction) => {
    const lease = Number(transaction.get(LEASE_MS) ?? 0);
    // A lease from the far future was written before the clock was put back: it would stop the sweep for good.
    if (lease > now() && lease <= now() + SWEEP_EVERY_MS) return false;
    void transaction.put(LEASE_MS, String(now() + SWEEP_EVERY_MS - 1000));
    return true;
  });
  if (!mine) return 0;
  let removed = 0;
  // Names that begin with a dot are ours and come before all rows.
  for (let start = 'a'; ; ) {
    const rows = database.slice(start, SLICE);
    const dead = rows.filter((row) => expiresAtOf(row.value) <= now()).map((row) => row.key);
    if (dead.length > 0)
      removed += await database.commit((transaction) => removeSlice(transaction, dead, now, expiresAtOf));
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICE) return removed;
    start = `${last.key}\u0001`;
    await sleep(SLICE_PAUSE_MS, undefined, { ref: false });
  }
}

function removeSlice(
  transaction: Parameters<Parameters<Database['commit']>[0]>[0],
  keys: string[],
  now: () => number,
  expiresAtOf: (row: string) => number,
): number {
  let removed = 0;
  for (const key of keys) {
    // It may have been written anew since it was read.
    const row = transaction.get(key);
    if (row === undefined || expiresAtOf(row) > now()) continue;
    void transaction.remove(key);
    removed++;
  }
  return removed;
}

/** Sweeps every minute or so; the function stops it. */
export function startExpiry(database: Database, sweeping: ExpiryOptions): () => void {
  // Processes that start together do not wake together.
  const timer = setInterval(
    () => removeExpired(database, sweeping).catch(() => undefined),
    SWEEP_EVERY_MS + Math.random() * 5000,
  );
  timer.unref();
  return () => clearInterval(timer);
}
