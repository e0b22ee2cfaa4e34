/**
 * Remembers the records that refreshes have written, and writes them again where a store has gone back to the ones before:
 * those hold refresh tokens that the provider takes no more.
 */
import { LRUCache } from 'lru-cache';
import type { Restore } from '../stores/store.ts';
import { groupsOf } from './groups.ts';
import { tagOf } from './session_cache.ts';

/** Bytes; with `memory` the store has the same texts, and they take nothing. */
const MAX_BYTES = 16 * 1024 ** 2;
const OVERHEAD_BYTES = 600;
/** Of one session: refreshes since the last snapshot of Redis. */
const MAX_STEPS = 20;
/** Records are long. */
const GROUP = 50;

interface Refreshed {
  sealed: string;
  /** How the records before began, the last ones. */
  before: string[];
  /** When the session ends, by the monotonic clock. */
  endsAt: number;
}

export function createRefreshedRecords() {
  const records = new LRUCache<string, Refreshed>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ sealed }) => sealed.length + OVERHEAD_BYTES,
  });

  return {
    /**
     * @param before the record that `sealed` has replaced
     * @param ttlMs milliseconds that the session has left
     */
    remember(key: string, before: string, sealed: string, ttlMs: number): void {
      const known = records.get(key);
      const tag = tagOf(before);
      // Where another process has refreshed the session meanwhile, what this one has written before is of no use.
      const steps = known !== undefined && tagOf(known.sealed) === tag ? known.before : [];
      records.set(key, { sealed, before: [...steps.slice(1 - MAX_STEPS), tag], endsAt: performance.now() + ttlMs });
    },
    forget: (key: string) => void records.delete(key),
    /**
     * Attack: a session that was ended meanwhile, or refreshed by another process, is not brought back: only a record that
     * this process itself has replaced is replaced again, in one step with the comparison.
     */
    async restore(access: Parameters<Restore>[0]): Promise<void> {
      const now = performance.now();
      const living = [...records.entries()].filter(([, { endsAt }]) => endsAt > now);
      for (const group of groupsOf(living, GROUP)) {
        const present = await access.getMany(group.map(([key]) => key));
        await Promise.all(
          group.map(async ([key, { sealed, before, endsAt }], at) => {
            const there = present[at];
            if (there === undefined || !before.includes(tagOf(there))) return;
            await access.replaceIf(key, there, sealed, endsAt - now);
          }),
        );
      }
    },
  };
}
