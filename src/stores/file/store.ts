/** The store in a folder: an embedded database that several processes of one machine share, and that outlives them. */
import { memoizePerTick } from '../../async/memoize.ts';
import type { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { createInvalidations } from '../listeners.ts';
import { nextNumber } from '../numbers.ts';
import { cancelPlace, reservePlace } from '../reservations.ts';
import type { Store } from '../store.ts';
import { createDatabase, type Database, type Transaction } from './database.ts';
import { startExpiry } from './expiry.ts';

/** Counts the changes, by any process, that cached sessions depend on. */
const GENERATION_KEY = '.epoch';

/** A raw record is its end (milliseconds since the epoch, base 36), a colon and the value. */
const pack = (value: string, expiresAt: number) => `${Math.ceil(expiresAt).toString(36)}:${value}`;
const expiresAtOf = (raw: string) => Number.parseInt(raw.slice(0, raw.indexOf(':')), 36);

const textOf = (raw: string) => raw.slice(raw.indexOf(':') + 1);

function unpack(raw: string | undefined, now: number): string | undefined {
  return raw === undefined || expiresAtOf(raw) <= now ? undefined : textOf(raw);
}

/**
 * Cached sessions depend on the records of sessions that were there, and on the records that revoke them, there or not.
 * New sessions, locks, counters and used tokens invalidate nothing.
 */
function invalidatesCache(key: string, wasThere: boolean): boolean {
  return key.startsWith('u:') || key.startsWith('g:') || (wasThere && key.startsWith('s:'));
}

function bumpGeneration(transaction: Transaction, key: string, value?: string): void {
  const raw = transaction.get(key);
  // A record that is only made to last longer changes nothing.
  if (raw !== undefined && textOf(raw) === value) return;
  if (!invalidatesCache(key, raw !== undefined)) return;
  void transaction.put(GENERATION_KEY, String(Number(transaction.get(GENERATION_KEY) ?? 0) + 1));
}

/** The steps on records, each of them one transaction. `changed` hears of every record that was written or removed. */
function createRecords(database: Database, now: () => number, changed: (key: string) => void) {
  async function commit<T>(
    key: string,
    step: (transaction: Transaction, present: string | undefined) => T,
  ): Promise<T> {
    const result = await database.commit((transaction) => step(transaction, unpack(transaction.get(key), now())));
    changed(key);
    return result;
  }
  function put(transaction: Transaction, key: string, value: string, expiresAt: number): true {
    bumpGeneration(transaction, key, value);
    void transaction.put(key, pack(value, expiresAt));
    return true;
  }
  function remove(transaction: Transaction, key: string): true {
    bumpGeneration(transaction, key);
    void transaction.remove(key);
    return true;
  }
  return {
    read: (keys: string[]) => database.read(keys).map((raw) => unpack(raw, now())),
    set: (key: string, value: string, ttlMs: number) => commit(key, (tx) => void put(tx, key, value, now() + ttlMs)),
    delete: (key: string) => commit(key, (tx) => void remove(tx, key)),
    add: (key: string, value: string, ttlMs: number) =>
      commit(key, (tx, present) => present === undefined && put(tx, key, value, now() + ttlMs)),
    replace: (key: string, value: string, ttlMs: number) =>
      commit(key, (tx, present) => present !== undefined && put(tx, key, value, now() + ttlMs)),
    deleteIf: (key: string, value: string) => commit(key, (tx, present) => present === value && remove(tx, key)),
    replaceIf: (key: string, expected: string, value: string, ttlMs: number) =>
      commit(key, (tx, present) => present === expected && put(tx, key, value, now() + ttlMs)),
    // Nobody hears of it: what was read is still so.
    keep: (key: string, expected: string, ttlMs: number) =>
      database.commit((tx) => {
        const raw = tx.get(key);
        if (raw === undefined || unpack(raw, now()) !== expected) return false;
        const endsAt = now() + ttlMs;
        return expiresAtOf(raw) >= endsAt || put(tx, key, expected, endsAt);
      }),
    async reserve(key: string, member: string, limit: number, ttlMs: number) {
      const requestAt = (at: number) => ({ member, limit, endsAt: at + ttlMs, now: at });
      // A client over its limit costs a read, and no transaction.
      const seen = reservePlace(unpack(database.read([key])[0], now()), requestAt(now())).reservation;
      if (seen.kind === 'full') return seen;
      return commit(key, (tx, present) => {
        const { reservation, record } = reservePlace(present, requestAt(now()));
        if (record !== undefined) put(tx, key, record.text, record.endsAt);
        return reservation;
      });
    },
    cancel: (key: string, member: string) =>
      commit(key, (tx, present) => {
        const record = cancelPlace(present, member, now());
        if (record === undefined) remove(tx, key);
        else put(tx, key, record.text, record.endsAt);
      }),
    increment: (key: string, first: number, ttlMs: number) =>
      commit(key, (tx, present) => {
        const next = nextNumber(present, first);
        put(tx, key, String(next), now() + ttlMs);
        return next;
      }),
  };
}

function readGeneration(database: Database): number | undefined {
  try {
    return Number(database.read([GENERATION_KEY])[0] ?? 0);
  } catch {
    return undefined;
  }
}

function reportUnusable(events: Events, folder: string, error: StoreUnavailable): void {
  const message = `sessions cannot be kept in ${folder}: this user must be able to make that folder and write in it, and its files must be this user's own`;
  events.emit('log', { level: 'error', event: 'store.unavailable', message, error: error.cause });
}

/**
 * A store in `folder`. Opening never fails: while the folder cannot be used, every call throws `StoreUnavailable`.
 * @param now milliseconds since the epoch
 */
export function createFileStore(folder: string, now: () => number, events: Events): Store {
  const invalidations = createInvalidations();
  const warn = (message: string) => events.emit('log', { level: 'warn', event: 'store.open_to_others', message });
  const database = createDatabase(folder, warn);
  // Opened now, so that a folder that cannot be used is in the log at the start.
  database.probe().catch((error: StoreUnavailable) => reportUnusable(events, folder, error));
  const { read, ...steps } = createRecords(database, now, invalidations.emit);
  const stopExpiry = startExpiry(database, { now, expiresAtOf });
  return {
    ...steps,
    get: async (key) => read([key])[0],
    getMany: async (keys) => read(keys),
    peek: read,
    generation: memoizePerTick(() => readGeneration(database)),
    onInvalidate: invalidations.on,
    onReopen: () => () => undefined,
    settleMs: 0,
    ping: database.probe,
    async close() {
      stopExpiry();
      await database.close();
    },
  };
}
