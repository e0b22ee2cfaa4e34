/** Decoded entries of sessions in this process: bounded, and dropped as soon as a row that they hang on has changed. */
import { LRUCache } from 'lru-cache';
import type { SessionRecord } from './session_record.ts';
import type { LiveSession } from './sessions.ts';

/** A decoded session and what must be known to go on believing it. Times in milliseconds since the epoch. */
export interface CacheEntry {
  id: string;
  live: LiveSession;
  record: SessionRecord;
  /** The beginning of the sealed row. Two rows never begin alike, so the same stamp means that nothing was written. */
  tag: string;
  /** What the store's `epoch()` said before the row was read. */
  generation: number;
  /** Bytes, roughly. */
  bytes: number;
  /** When the hot path must stop and think: a refresh is due, or the token has ended. */
  dueAt: number;
  /** Not before this time is the next refresh tried. */
  nextAttemptAt: number;
}

/** A read under way: `spoiled` when one of `keys` changed meanwhile, so that what was read must not be kept. */
export interface PendingRead {
  keys: string[];
  stale: boolean;
}

/** Bytes of decoded sessions in one process. */
const MAX_CACHE_BYTES = 256 * 1024 ** 2;
const TAG_CHARS = 64;

/** A string of its own: a slice would keep the whole header or row in memory that it was cut from. */
const ownString = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

export function tagOf(sealed: string): string {
  return ownString(sealed.slice(0, TAG_CHARS));
}

export function createSessionCache(maxSize = MAX_CACHE_BYTES) {
  /** Which entries hang on a row; nearly always one, so that one needs no Set. */
  const byKey = new Map<string, CacheEntry | Set<CacheEntry>>();
  const pendingReads = new Set<PendingRead>();

  function link(key: string, entry: CacheEntry): void {
    const linked = byKey.get(key);
    if (linked === undefined) byKey.set(key, entry);
    else if (linked instanceof Set) linked.add(entry);
    else if (linked !== entry) byKey.set(key, new Set([linked, entry]));
  }

  function unlink(key: string, entry: CacheEntry): void {
    const linked = byKey.get(key);
    if (linked === entry || (linked instanceof Set && linked.delete(entry) && linked.size === 0)) byKey.delete(key);
  }

  const keysOf = (entry: CacheEntry) => [entry.live.key, ...entry.record.revocationMarks.map((mark) => mark.key)];
  const entries = new LRUCache<string, CacheEntry>({
    maxSize,
    sizeCalculation: (entry) => entry.bytes,
    dispose: (entry) => {
      for (const key of keysOf(entry)) unlink(key, entry);
    },
  });

  function dropAll(): void {
    for (const read of pendingReads) read.stale = true;
    entries.clear();
  }

  return {
    get: (id: string) => entries.get(id),
    put(entry: CacheEntry): void {
      entry.id = ownString(entry.id);
      entries.set(entry.id, entry);
      // One that is larger than all room there is was not kept.
      if (entries.peek(entry.id) !== entry) return;
      for (const key of keysOf(entry)) link(key, entry);
    },
    evict: (id: string) => void entries.delete(id),
    /** What the store tells of a changed row; `undefined`: of all. */
    invalidate(key: string | undefined): void {
      if (key === undefined) {
        dropAll();
        return;
      }
      for (const read of pendingReads) read.stale ||= read.keys.includes(key);
      const linked = byKey.get(key);
      if (linked instanceof Set) for (const entry of [...linked]) entries.delete(entry.id);
      else if (linked !== undefined) entries.delete(linked.id);
    },
    beginRead(key: string): PendingRead {
      const read = { keys: [key], stale: false };
      pendingReads.add(read);
      return read;
    },
    endRead: (read: PendingRead) => void pendingReads.delete(read),
    /** How many there are. */
    size: () => entries.size,
  };
}

export type SessionCache = ReturnType<typeof createSessionCache>;
