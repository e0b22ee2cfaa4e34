/** Removes expired records of the file store: once a minute, by one process at a time, in small slices. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';

const EVERY_MS = 60_000;
/** Processes that start together do not wake together. */
const MAX_JITTER_MS = 5000;
const SLICE_RECORDS = 500;
/** Between two slices, so that requests go first. */
const SLICE_PAUSE_MS = 20;
/** For so long no other process needs to look. */
const LEASE_MS = EVERY_MS - 1000;

/** Removes all expired records once, unless another process has done so within the last minute; how many it removed. */
export async function removeExpired({ write }: Pick<Database, 'write'>): Promise<number> {
  if ((await write({ kind: 'lease', ttlMs: LEASE_MS })) !== true) return 0;
  let removed = 0;
  // Keys that begin with a dot are the store's own and come before all records.
  for (let start: string | undefined = 'a'; start !== undefined; ) {
    const swept = await write({ kind: 'sweep', start, limit: SLICE_RECORDS });
    if (typeof swept !== 'object' || swept.kind !== 'swept') return removed;
    removed += swept.removed;
    start = swept.next;
    if (start !== undefined) await sleep(SLICE_PAUSE_MS, undefined, { ref: false });
  }
  return removed;
}

/** Removes expired records every minute or so; the returned function stops that. */
export function startExpiry(database: Database): () => void {
  const remove = () => void removeExpired(database).catch(() => undefined);
  const timer = setInterval(remove, EVERY_MS + Math.random() * MAX_JITTER_MS);
  timer.unref();
  return () => clearInterval(timer);
}
