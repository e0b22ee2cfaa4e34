/** Reads a session from the store: its row, then the rows that may have revoked it; keeps a decoded copy where it may. */

import { type Awaitable, andFinally, andThen } from '../async/maybe_async.ts';
import type { Seal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import { refreshDueAt } from './refresh_due.ts';
import { type Copies, type Copy, stampOf, type Watch } from './session_cache.ts';
import { isRevoked, type Row, unpackRow } from './session_record.ts';

/** What a decoded session takes beside its strings (bytes, measured; see docs/sessions.md). */
const OVERHEAD = 400;

export interface Loading {
  store: Store;
  seal: Seal;
  copies: Copies;
  events: Events | undefined;
}

function decode(id: string, key: string, sealed: string, row: Row): Copy {
  return {
    id,
    live: { session: row.session, key, derived: {} },
    row,
    stamp: stampOf(sealed),
    epoch: -1,
    size: 2 * sealed.length + OVERHEAD,
    dueAt: refreshDueAt(row.session),
    nextTry: 0,
  };
}

/** Replicas with different secrets send everybody round in circles, and none of them sees a fault. */
function tellOnce(events: Events | undefined): () => void {
  let told = false;
  return () => {
    if (told) return;
    told = true;
    const message = 'a session in the store does not open with this secret: all that share a store need the same';
    events?.emit('notice', { level: 'warn', what: 'session.unreadable', message });
  };
}

/** The copy of `id` as the store has it now; `undefined` when there is no such row, it does not open, or it is revoked. */
export function createLoad({ store, seal, copies, events }: Loading): (id: string) => Awaitable<Copy | undefined> {
  const tellUnreadable = tellOnce(events);
  const read = (keys: string[]): Awaitable<(string | undefined)[]> => store.peek?.(keys) ?? store.getMany(keys);

  function open(id: string, key: string, sealed: string): Copy | undefined {
    const known = copies.get(id);
    // After a change somewhere else in the store most rows are what they were: no need to decrypt and render again.
    if (known !== undefined && known.stamp === stampOf(sealed)) return known;
    const row = unpackRow(seal, key, sealed);
    if (row === undefined) tellUnreadable();
    return row && decode(id, key, sealed, row);
  }

  function keep(copy: Copy, epoch: number | undefined, watch: Watch): Copy {
    if (epoch === undefined || watch.spoiled) {
      copies.drop(copy.id);
    } else {
      copy.epoch = epoch;
      if (copies.get(copy.id) !== copy) copies.put(copy);
    }
    return copy;
  }

  function forget(id: string): undefined {
    copies.drop(id);
  }

  function loadRow(id: string, key: string, watch: Watch): Awaitable<Copy | undefined> {
    // Before the read: what changes during the read must not be taken for known.
    const epoch = store.epoch();
    return andThen(read([key]), ([sealed]) => {
      const copy = sealed === undefined ? undefined : open(id, key, sealed);
      if (copy === undefined) return forget(id);
      const names = copy.row.marks.map((mark) => mark.name);
      watch.keys.push(...names);
      return andThen(read(names), (present) => {
        if (isRevoked(copy.row.marks, present)) return forget(id);
        return keep(copy, epoch, watch);
      });
    });
  }

  /** Requests that come together for one session read it once: a page brings forty of them. */
  const running = new Map<string, { copy: Promise<Copy | undefined>; watch: Watch }>();

  function share(id: string, read: Promise<Copy | undefined>, watch: Watch): Promise<Copy | undefined> {
    const entry = {
      watch,
      copy: read.finally(() => {
        if (running.get(id) === entry) running.delete(id);
      }),
    };
    running.set(id, entry);
    return entry.copy;
  }

  return (id) => {
    const present = running.get(id);
    // Not a read that began before a change that we know of: a request after a logout must see it.
    if (present !== undefined && !present.watch.spoiled) return present.copy;
    const key = sessionKey(id);
    const watch = copies.watch(key);
    const loaded = andFinally(
      () => loadRow(id, key, watch),
      () => copies.unwatch(watch),
    );
    return loaded instanceof Promise ? share(id, loaded, watch) : loaded;
  };
}
