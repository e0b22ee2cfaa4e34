/** Decoded sessions in this process: bounded, and evicted as soon as a record that they depend on has changed. */
import { LRUCache } from 'lru-cache';
import type { LiveSession } from './session.ts';
import type { SessionRecord } from './session_record.ts';

/** A decoded session, and what must be known to go on using it. Times are milliseconds since the epoch. */
export interface CacheEntry {
  id: string;
  live: LiveSession;
  record: SessionRecord;
  /**
   * The beginning of the sealed record. Two records never begin alike, so the same tag means that nothing was written.
   */
  tag: string;
  /** The store's `generation()` before the record was read. */
  generation: number;
  /** Bytes, roughly. */
  bytes: number;
  /**
   * When the hot path must look closer: a refresh or the note of its use is due, or the session has ended. Always, where it
   * ends when it is not used.
   */
  dueAt: number;
  /** When its use is to be noted for people to see (last_use.ts). */
  useDueAt: number;
  /** When the use of a session with `session_idle` is to be noted in the store, by a clock that nobody can set. */
  touchDueAt: number;
  /** The next refresh is not tried before this time, by a clock that nobody can set. */
  nextAttemptAt: number;
  /** The gap (session_gap.ts) of which nothing is left to be asked about this session. */
  gapChecked: number | undefined;
  /** The provider is not asked about the session before this time, by a clock that nobody can set. */
  askDueAt: number;
}

/** A read that runs: `stale` when one of `keys` changed meanwhile, so that its result must not be cached. */
export interface PendingRead {
  keys: string[];
  stale: boolean;
  onStale: () => void;
}

/** Bytes of decoded sessions in one process. */
const MAX_CACHE_BYTES = 256 * 1024 ** 2;
const TAG_CHARS = 64;

/** A string of its own: a slice would keep the whole header or record in memory that it was cut from. */
const ownString = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

export function tagOf(sealed: string): string {
  return ownString(sealed.slice(0, TAG_CHARS));
}

export function createSessionCache(maxSize = MAX_CACHE_BYTES) {
  /** The entries that depend on a record; nearly always one, so one needs no Set. */
  const byKey = new Map<string, CacheEntry | Set<CacheEntry>>();
  const pendingReads = new Set<PendingRead>();
  let closed = false;

  function addIndex(key: string, entry: CacheEntry): void {
    const linked = byKey.get(key);
    if (linked === undefined) byKey.set(key, entry);
    else if (linked instanceof Set) linked.add(entry);
    else if (linked !== entry) byKey.set(key, new Set([linked, entry]));
  }

  function removeIndex(key: string, entry: CacheEntry): void {
    const linked = byKey.get(key);
    if (linked === entry || (linked instanceof Set && linked.delete(entry) && linked.size === 0)) byKey.delete(key);
  }

  const keysOf = (entry: CacheEntry) => [entry.live.key, ...entry.record.revocationMarks.map((mark) => mark.key)];
  const entries = new LRUCache<string, CacheEntry>({
    maxSize,
    sizeCalculation: (entry) => entry.bytes,
    dispose: (entry) => {
      for (const key of keysOf(entry)) removeIndex(key, entry);
    },
  });

  function markStale(read: PendingRead): void {
    if (read.stale) return;
    read.stale = true;
    read.onStale();
  }

  function evictAll(): void {
    for (const read of pendingReads) markStale(read);
    entries.clear();
  }

  return {
    get: (id: string) => entries.get(id),
    put(entry: CacheEntry): void {
      if (closed) return;
      entry.id = ownString(entry.id);
      entries.set(entry.id, entry);
      // An entry that is larger than the whole cache was not kept.
      if (entries.peek(entry.id) !== entry) return;
      for (const key of keysOf(entry)) addIndex(key, entry);
    },
    evict: (id: string) => void entries.delete(id),
    /** A record has changed; `undefined`: all records may have. */
    invalidate(key: string | undefined): void {
      if (key === undefined) {
        evictAll();
        return;
      }
      for (const read of pendingReads) if (read.keys.includes(key)) markStale(read);
      const linked = byKey.get(key);
      if (linked instanceof Set) for (const entry of [...linked]) entries.delete(entry.id);
      else if (linked !== undefined) entries.delete(linked.id);
    },
    beginRead(key: string, onStale: () => void): PendingRead {
      // One that hears of no change shares and caches nothing.
      const read = { keys: [key], stale: closed, onStale };
      pendingReads.add(read);
      return read;
    },
    endRead: (read: PendingRead) => void pendingReads.delete(read),
    /** Nothing is cached any more: for a cache that no longer hears of changes. */
    close(): void {
      closed = true;
      evictAll();
    },
  };
}

export type SessionCache = ReturnType<typeof createSessionCache>;
