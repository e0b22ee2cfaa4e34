/** Removes expired rows of the file store in the background: a minute apart, by one process at a time, in small pieces. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';

const EVERY = 60_000;
const SLICE = 500;
/** Between two pieces, so that requests go first. */
const PAUSE = 20;
/** The row that says until when somebody is sweeping. */
const LEASE = '.sweep';

export interface Sweeping {
  now: () => number;
  /** When a raw row ends (milliseconds since the epoch). */
  untilOf: (row: string) => number;
}

/** Sweeps once, if nobody else does; how many rows it removed. */
export async function sweep(database: Database, { now, untilOf }: Sweeping): Promise<number> {
  const mine = await database.commit((transaction) => {
    const lease = Number(transaction.get(LEASE) ?? 0);
    // A lease from the far future was written before the clock was put back: it would stop the sweep for good.
    if (lease > now() && lease <= now() + EVERY) return false;
    void transaction.put(LEASE, String(now() + EVERY - 1000));
    return true;
  });
  if (!mine) return 0;
  let removed = 0;
  // Names that begin with a dot are ours and come before all rows.
  for (let start = 'a'; ; ) {
    const rows = database.slice(start, SLICE);
    const dead = rows.filter((row) => untilOf(row.value) <= now()).map((row) => row.key);
    if (dead.length > 0) removed += await database.commit((transaction) => removeDead(transaction, dead, now, untilOf));
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICE) return removed;
    start = `${last.key}\u0001`;
    await sleep(PAUSE, undefined, { ref: false });
  }
}

function removeDead(
  transaction: Parameters<Parameters<Database['commit']>[0]>[0],
  keys: string[],
  now: () => number,
  untilOf: (row: string) => number,
): number {
  let removed = 0;
  for (const key of keys) {
    // It may have been written anew since it was read.
    const row = transaction.get(key);
    if (row === undefined || untilOf(row) > now()) continue;
    void transaction.remove(key);
    removed++;
  }
  return removed;
}

/** Sweeps every minute or so; the function stops it. */
export function startSweeping(database: Database, sweeping: Sweeping): () => void {
  // Processes that start together do not wake together.
  const timer = setInterval(() => sweep(database, sweeping).catch(() => undefined), EVERY + Math.random() * 5000);
  timer.unref();
  return () => clearInterval(timer);
}
