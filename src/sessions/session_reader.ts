/** Reads a session from the store: its row, then the rows that may have revoked it; keeps a decoded entry where it may. */

import { type Awaitable, andFinally, andThen } from '../async/maybe_async.ts';
import type { Seal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import { refreshDueAt } from './refresh_due.ts';
import { type CacheEntry, type PendingRead, type SessionCache, tagOf } from './session_cache.ts';
import { decodeRecord, isRevoked, type SessionRecord } from './session_record.ts';

/** What a decoded session takes beside its strings (bytes, measured; see docs/sessions.md). */
const OVERHEAD_BYTES = 400;

export interface SessionReaderOptions {
  store: Store;
  seal: Seal;
  cache: SessionCache;
  events: Events | undefined;
}

function decode(id: string, key: string, sealed: string, record: SessionRecord): CacheEntry {
  return {
    id,
    live: { session: record.session, key },
    record,
    tag: tagOf(sealed),
    generation: -1,
    bytes: 2 * sealed.length + OVERHEAD_BYTES,
    dueAt: refreshDueAt(record.session),
    nextAttemptAt: 0,
  };
}

/** Replicas with different secrets send everybody round in circles, and none of them sees a fault. */
function warnOnce(events: Events | undefined): () => void {
  let told = false;
  return () => {
    if (told) return;
    told = true;
    const message = 'a session in the store does not open with this secret: all that share a store need the same';
    events?.emit('log', { level: 'warn', event: 'session.unreadable', message });
  };
}

/** The entry of `id` as the store has it now; `undefined` when there is no such row, it does not open, or it is revoked. */
export function createSessionReader({
  store,
  seal,
  cache,
  events,
}: SessionReaderOptions): (id: string) => Awaitable<CacheEntry | undefined> {
  const warnUnreadable = warnOnce(events);
  const read = (keys: string[]): Awaitable<(string | undefined)[]> => store.peek?.(keys) ?? store.getMany(keys);

  function open(id: string, key: string, sealed: string): CacheEntry | undefined {
    const known = cache.get(id);
    // After a change somewhere else in the store most rows are what they were: no need to decrypt and render again.
    if (known !== undefined && known.tag === tagOf(sealed)) return known;
    const record = decodeRecord(seal, key, sealed);
    if (record === undefined) warnUnreadable();
    return record && decode(id, key, sealed, record);
  }

  function keep(entry: CacheEntry, generation: number | undefined, pending: PendingRead): CacheEntry {
    if (generation === undefined || pending.stale) {
      cache.evict(entry.id);
    } else {
      entry.generation = generation;
      if (cache.get(entry.id) !== entry) cache.put(entry);
    }
    return entry;
  }

  function forget(id: string): undefined {
    cache.evict(id);
  }

  function readRecord(id: string, key: string, pending: PendingRead): Awaitable<CacheEntry | undefined> {
    // Before the read: what changes during the read must not be taken for known.
    const generation = store.generation();
    return andThen(read([key]), ([sealed]) => {
      const entry = sealed === undefined ? undefined : open(id, key, sealed);
      if (entry === undefined) return forget(id);
      const names = entry.record.revocationMarks.map((mark) => mark.key);
      pending.keys.push(...names);
      return andThen(read(names), (present) => {
        if (isRevoked(entry.record.revocationMarks, present)) return forget(id);
        return keep(entry, generation, pending);
      });
    });
  }

  /** Requests that come together for one session read it once: a page brings forty of them. */
  const reads = new Map<string, { entry: Promise<CacheEntry | undefined>; pending: PendingRead }>();

  function share(id: string, read: Promise<CacheEntry | undefined>, pending: PendingRead) {
    const shared = {
      pending,
      entry: read.finally(() => {
        if (reads.get(id) === shared) reads.delete(id);
      }),
    };
    reads.set(id, shared);
    return shared.entry;
  }

  return (id) => {
    const present = reads.get(id);
    // Not a read that began before a change that we know of: a request after a sign-out must see it.
    if (present !== undefined && !present.pending.stale) return present.entry;
    const key = sessionKey(id);
    const pending = cache.beginRead(key);
    const entry = andFinally(
      () => readRecord(id, key, pending),
      () => cache.endRead(pending),
    );
    return entry instanceof Promise ? share(id, entry, pending) : entry;
  };
}
