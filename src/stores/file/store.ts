/** The store in a folder: an embedded database that several processes of one machine share, and that outlives them. */
import type { KeyvStoreAdapter } from 'keyv';
import { memoizePerTick } from '../../async/memoize.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { openKeyv } from '../keyv.ts';
import type { Store } from '../store.ts';
import { createDatabase, type Database, type Transaction } from './database.ts';
import { startExpiry } from './expiry.ts';

/** The row that is counted up when something that a copy may hang on has changed, in whatever process. */
const GENERATION_KEY = '.epoch';

/** A raw row is its end (milliseconds since the epoch, base 36), a colon and the value. */
const pack = (value: string, until: number) => `${Math.ceil(until).toString(36)}:${value}`;
const expiresAtOf = (row: string) => Number.parseInt(row.slice(0, row.indexOf(':')), 36);

function unpack(row: string | undefined, now: number): string | undefined {
  return row === undefined || expiresAtOf(row) <= now ? undefined : row.slice(row.indexOf(':') + 1);
}

/**
 * Copies hang on sessions that were there, and on the rows that revoke them, there or not. New sessions, locks, counters and
 * used tokens disturb nobody.
 */
function invalidatesCache(key: string, wasThere: boolean): boolean {
  return key.startsWith('u:') || key.startsWith('g:') || (wasThere && key.startsWith('s:'));
}

function bumpGeneration(transaction: Transaction, key: string): void {
  if (!invalidatesCache(key, transaction.get(key) !== undefined)) return;
  void transaction.put(GENERATION_KEY, String(Number(transaction.get(GENERATION_KEY) ?? 0) + 1));
}

/** The steps on rows, each of them one transaction. `changed` is told of every row that was written or removed. */
function createRows(database: Database, now: () => number, changed: (key: string) => void) {
  async function commit<T>(
    key: string,
    work: (transaction: Transaction, present: string | undefined) => T,
  ): Promise<T> {
    const result = await database.commit((transaction) => work(transaction, unpack(transaction.get(key), now())));
    changed(key);
    return result;
  }
  function put(transaction: Transaction, key: string, value: string, until: number): true {
    bumpGeneration(transaction, key);
    void transaction.put(key, pack(value, until));
    return true;
  }
  return {
    read: (keys: string[]) => database.read(keys).map((row) => unpack(row, now())),
    set: (key: string, value: string, ttl: number) => commit(key, (tx) => put(tx, key, value, now() + ttl)),
    add: (key: string, value: string, ttl: number) =>
      commit(key, (tx, present) => present === undefined && put(tx, key, value, now() + ttl)),
    replace: (key: string, value: string, ttl: number) =>
      commit(key, (tx, present) => present !== undefined && put(tx, key, value, now() + ttl)),
    delete: (key: string) =>
      commit(key, (tx, present) => {
        bumpGeneration(tx, key);
        void tx.remove(key);
        return present !== undefined;
      }),
    increment: (key: string, ttl: number) =>
      commit(key, (tx, present) => {
        const count = Number(present ?? 0) + 1;
        put(tx, key, String(count), present === undefined ? now() + ttl : expiresAtOf(tx.get(key)!));
        return count;
      }),
  };
}

function fileAdapter(rows: ReturnType<typeof createRows>): KeyvStoreAdapter {
  const adapter = {
    opts: {},
    namespace: undefined,
    get: async (key: string) => rows.read([key])[0],
    getMany: async (keys: string[]) => rows.read(keys),
    set: rows.set,
    delete: rows.delete,
    // Keyv demands it; nothing here ever empties a store.
    clear: async () => {
      throw new StoreUnavailable('not supported');
    },
    on: () => adapter,
  };
  return adapter as unknown as KeyvStoreAdapter;
}

function readGeneration(database: Database): number | undefined {
  try {
    return Number(database.read([GENERATION_KEY])[0] ?? 0);
  } catch {
    return undefined;
  }
}

function reportUnusable(events: Events | undefined, folder: string, error: StoreUnavailable): void {
  const message = `sessions cannot be kept in ${folder}: this user must be able to make that folder and write in it`;
  events?.emit('log', { level: 'error', event: 'store.unavailable', message, error: error.cause });
}

/** A store in `folder`. Opening never fails: a folder that cannot be used makes every call `StoreUnavailable` until it can. */
export function createFileStore(folder: string, now: () => number, events?: Events): Store {
  const listeners: ((key: string | undefined) => void)[] = [];
  const database = createDatabase(folder);
  // Opened now, so that a folder that cannot be used is in the log at the start.
  database.probe().catch((error: StoreUnavailable) => reportUnusable(events, folder, error));
  const rows = createRows(database, now, (key) => listeners.forEach((listen) => void listen(key)));
  const keyv = openKeyv(fileAdapter(rows));
  const stopSweeping = startExpiry(database, { now, expiresAtOf });
  return {
    get: (key) => keyv.get(key),
    getMany: (keys) => keyv.getMany<string>(keys),
    peek: rows.read,
    async set(key, value, ttl) {
      await keyv.set(key, value, ttl);
    },
    async delete(key) {
      await keyv.delete(key);
    },
    add: rows.add,
    replace: rows.replace,
    increment: rows.increment,
    count: async (key) => Number((await keyv.get(key)) ?? 0),
    generation: memoizePerTick(() => readGeneration(database)),
    onInvalidate: (listener) => void listeners.push(listener),
    ping: database.probe,
    async close() {
      stopSweeping();
      await database.close();
    },
  };
}
