/** Reads a session from the store: its record, then those that may have revoked it; caches the result. */
import { type Awaitable, andFinally, andThen } from '../async/maybe_async.ts';
import { createSingleFlight } from '../async/single_flight.ts';
import type { Seal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import type { Session } from './session.ts';
import { type CacheEntry, type PendingRead, type SessionCache, tagOf } from './session_cache.ts';
import { decodeRecord, isRevoked, type SessionRecord } from './session_record.ts';

/** What a decoded session takes beside its strings (bytes, measured; see docs/sessions.md). */
const OVERHEAD_BYTES = 400;

export interface SessionReaderOptions {
  store: Store;
  seal: Seal;
  cache: SessionCache;
  /** Whether a session is good for the application as it is configured now. */
  isCurrent: (session: Session) => boolean;
  events: Events;
}

function decode(id: string, key: string, sealed: string, record: SessionRecord): CacheEntry {
  return {
    id,
    live: { session: record.session, key },
    record,
    tag: tagOf(sealed),
    generation: -1,
    bytes: 2 * sealed.length + OVERHEAD_BYTES,
    dueAt: 0,
    useDueAt: Number.NEGATIVE_INFINITY,
    touchDueAt: Number.NEGATIVE_INFINITY,
    nextAttemptAt: Number.NEGATIVE_INFINITY,
    gapChecked: undefined,
    askDueAt: Number.NEGATIVE_INFINITY,
  };
}

/** Replicas that cannot read each other's records send users round in circles, and none of them sees a fault. */
const UNREADABLE = {
  event: 'session.unreadable',
  message:
    'a session in the store cannot be read: replicas that share a store need one secret and one version of Gatepost',
};

/** The session of `id` in the store; `undefined` when it is missing, cannot be read, or is revoked. */
export function createSessionReader({
  store,
  seal,
  cache,
  isCurrent,
  events,
}: SessionReaderOptions): (id: string) => Awaitable<CacheEntry | undefined> {
  const warnOnce = createWarnOnce(events, 'sessions');
  const readKeys = (keys: string[]): Awaitable<(string | undefined)[]> => store.peek?.(keys) ?? store.getMany(keys);

  function toEntry(id: string, key: string, sealed: string): CacheEntry | undefined {
    const known = cache.get(id);
    // After a change elsewhere in the store most records are what they were: no need to decrypt and render them again.
    if (known !== undefined && known.tag === tagOf(sealed)) return known;
    const record = decodeRecord(seal, key, sealed);
    if (record === undefined) warnOnce('unreadable', () => UNREADABLE);
    return record && isCurrent(record.session) ? decode(id, key, sealed, record) : undefined;
  }

  function cacheIfCurrent(entry: CacheEntry, generation: number | undefined, pending: PendingRead): CacheEntry {
    if (generation === undefined || pending.stale) {
      cache.evict(entry.id);
    } else {
      entry.generation = generation;
      if (cache.get(entry.id) !== entry) cache.put(entry);
    }
    return entry;
  }

  function evict(id: string): undefined {
    cache.evict(id);
  }

  function readRecord(id: string, key: string, pending: PendingRead): Awaitable<CacheEntry | undefined> {
    // Before the read: a change during the read must count as a later one.
    const generation = store.generation();
    return andThen(readKeys([key]), ([sealed]) => {
      const entry = sealed === undefined ? undefined : toEntry(id, key, sealed);
      if (entry === undefined) return evict(id);
      const markKeys = entry.record.revocationMarks.map((mark) => mark.key);
      pending.keys.push(...markKeys);
      return andThen(readKeys(markKeys), (present) => {
        if (isRevoked(entry.record.revocationMarks, present)) return evict(id);
        return cacheIfCurrent(entry, generation, pending);
      });
    });
  }

  /** Parallel requests for one session read it once: a page brings forty of them. */
  const reads = createSingleFlight<CacheEntry | undefined>();

  return (id) => {
    const shared = reads.get(id);
    if (shared !== undefined) return shared;
    const key = sessionKey(id);
    // A request after a sign-out must see it: it does not join a read that began before.
    const pending = cache.beginRead(key, () => reads.forget(id));
    const entry = andFinally(
      () => readRecord(id, key, pending),
      () => cache.endRead(pending),
    );
    // Attack: a store that does not tell of changes (Redis without client tracking) marks no read as stale: a request
    // after a sign-out elsewhere would join a read from before it.
    const shareable = !pending.stale && store.generation() !== undefined;
    return entry instanceof Promise && shareable ? reads.run(id, () => entry) : entry;
  };
}
