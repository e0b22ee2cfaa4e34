/** The store in a folder: an embedded database that several processes of one machine share, and that outlives them. */
import { setImmediate as nextTick } from 'node:timers/promises';
import { memoizePerTick } from '../../async/memoize.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { createInvalidations, createRestores } from '../listeners.ts';
import { reservePlace } from '../reservations.ts';
import type { Store } from '../store.ts';
import type { Access } from './access.ts';
import { createDatabase, type Database } from './database.ts';
import { startExpiry } from './expiry.ts';
import type { Outcome, Step } from './protocol.ts';
import { createReports } from './reports.ts';
import { unpack } from './rows.ts';

type KeyStep = Extract<Step, { key: string }>;

/** An outcome of another kind than that of its step. */
const unexpected = () => new StoreUnavailable(new Error('the thread that writes gave no usable answer'));

function toNumber(outcome: Outcome): number {
  if (typeof outcome !== 'number') throw unexpected();
  return outcome;
}

function toReservation(outcome: Outcome) {
  if (typeof outcome === 'object' && (outcome.kind === 'reserved' || outcome.kind === 'full')) return outcome;
  throw unexpected();
}

/** The steps on records, each of them whole. `changed` hears of every record that was written or removed. */
function createRecords({ read, write }: Access, now: () => number, changed: (key: string) => void) {
  const readValues = (keys: string[]) => read(keys).map((row) => unpack(row, now()));
  async function commit(step: KeyStep): Promise<Outcome> {
    const outcome = await write(step);
    changed(step.key);
    return outcome;
  }
  const done = async (step: KeyStep) => (await commit(step)) === true;
  return {
    readValues,
    set: async (key: string, value: string, ttlMs: number) => void (await commit({ kind: 'set', key, value, ttlMs })),
    delete: async (key: string) => void (await commit({ kind: 'delete', key })),
    add: (key: string, value: string, ttlMs: number) => done({ kind: 'add', key, value, ttlMs }),
    replace: (key: string, value: string, ttlMs: number) => done({ kind: 'replace', key, value, ttlMs }),
    deleteIf: (key: string, value: string) => done({ kind: 'deleteIf', key, value }),
    replaceIf: (key: string, expected: string, value: string, ttlMs: number) =>
      done({ kind: 'replaceIf', key, expected, value, ttlMs }),
    // Nobody hears of it: what was read is still so.
    keep: async (key: string, value: string, ttlMs: number) =>
      (await write({ kind: 'keep', key, value, ttlMs })) === true,
    cancel: async (key: string, member: string) => void (await commit({ kind: 'cancel', key, member })),
    increment: async (key: string, first: number, ttlMs: number) =>
      toNumber(await commit({ kind: 'increment', key, first, ttlMs })),
    async reserve(key: string, member: string, limit: number, ttlMs: number) {
      // A client over its limit costs a read, and no transaction.
      const request = { member, limit, endsAt: now() + ttlMs, now: now() };
      const { reservation, record } = reservePlace(readValues([key])[0], request);
      const isFull = reservation.kind === 'full' && record === undefined;
      return isFull ? reservation : toReservation(await commit({ kind: 'reserve', key, member, limit, ttlMs }));
    },
  };
}

function readGeneration(database: Database): number | undefined {
  try {
    return database.generation();
  } catch {
    return undefined;
  }
}

/**
 * A store in `folder`. Opening never fails: while the folder cannot be used, every call throws `StoreUnavailable`.
 * @param now milliseconds since the epoch
 */
export function createFileStore(folder: string, now: () => number, events: Events): Store {
  const invalidations = createInvalidations();
  const restores = createRestores();
  const reports = createReports(events, folder);
  const recordsOf = (access: Access) => {
    const { readValues, ...steps } = createRecords(access, now, invalidations.emit);
    return { ...steps, readValues, getMany: async (keys: string[]) => readValues(keys) };
  };
  const database = createDatabase(folder, now, {
    ...reports,
    async restore(access) {
      // What is cached may come from a database that is gone.
      invalidations.emit(undefined);
      // Attack: a backup that was put back knows nothing of the sign-outs since; the sessions that they ended would open
      // again.
      await restores.run(recordsOf(access));
    },
  });
  const { readValues, getMany: _, reserve, ...steps } = recordsOf(database);
  const stopExpiry = startExpiry(database);
  async function getMany(keys: string[]) {
    await database.ready();
    return readValues(keys);
  }
  return {
    ...steps,
    async reserve(...request) {
      await database.ready();
      return reserve(...request);
    },
    get: async (key) => (await getMany([key]))[0],
    getMany,
    /** Not while it is being opened: who reads then waits. */
    get peek() {
      return database.isReady() ? readValues : undefined;
    },
    async *scan(prefix) {
      await database.ready();
      for (let keys = database.keys(prefix, undefined); keys.length > 0; keys = database.keys(prefix, keys.at(-1))) {
        yield keys;
        await nextTick();
      }
    },
    generation: memoizePerTick(() => readGeneration(database)),
    onInvalidate: invalidations.on,
    onReopen: restores.on,
    settleMs: 0,
    ping: async () => void (await database.write({ kind: 'probe' })),
    async close() {
      stopExpiry();
      await database.close();
    },
  };
}
