/** The store in memory: one process, bounded, gone at a restart. */
import { LRUCache } from 'lru-cache';
import { createLru } from '../lru.ts';
import { createInvalidations } from './listeners.ts';
import { nextNumber } from './numbers.ts';
import { cancelPlace, reservePlace } from './reservations.ts';
import type { Store } from './store.ts';

interface Entry {
  value: string;
  /** By the store's clock. */
  expiresAt: number;
}

/** What the store may hold. Of sessions, those that were idle longest are evicted first. */
export interface MemoryLimits {
  /** Bytes of session records, and of what stands beside them. */
  sessions: number;
  /** Number of counters (refused credentials of one user name or address). */
  counters: number;
  /** Number of marks of accepted credentials. */
  accepted: number;
}

const SWEEP_EVERY_MS = 60_000;
const DEFAULT_LIMITS: MemoryLimits = { sessions: 1024 ** 3, counters: 100_000, accepted: 100_000 };
/** What an entry takes beside its strings (bytes). */
const OVERHEAD_BYTES = 500;
/** Sessions and what is of no use without one: `sessions/keys.ts` says which letter is which. */
const WITH_SESSIONS = /^[saxvro]:/;

/** Records in four maps, because they may be evicted in different ways. */
function createRecords(elapsed: () => number, limits: MemoryLimits) {
  const sessions = new LRUCache<string, Entry>({
    maxSize: limits.sessions,
    sizeCalculation: (entry, key) => entry.value.length + key.length + OVERHEAD_BYTES,
  });
  const counters = createLru<string, Entry>(limits.counters);
  // Apart from the counters: an attacker who invents a million user names evicts no mark of an accepted credential.
  const accepted = createLru<string, Entry>(limits.accepted);
  // Attack: a client that creates records until the oldest are evicted would restore sessions that a sign-out has
  // ended. So sign-outs, locks and used tokens only expire.
  const others = new Map<string, Entry>();
  const maps = [sessions, counters, accepted, others];
  function mapOf(key: string) {
    if (WITH_SESSIONS.test(key)) return sessions;
    if (key.startsWith('c:')) return counters;
    return key.startsWith('k:') ? accepted : others;
  }
  return {
    read(key: string): Entry | undefined {
      const map = mapOf(key);
      const entry = map.get(key);
      if (entry === undefined || entry.expiresAt > elapsed()) return entry;
      map.delete(key);
      return undefined;
    },
    write: (key: string, value: string, expiresAt: number) => void mapOf(key).set(key, { value, expiresAt }),
    delete: (key: string) => void mapOf(key).delete(key),
    removeExpired() {
      const at = elapsed();
      for (const map of maps) {
        for (const [key, entry] of map.entries()) if (entry.expiresAt <= at) map.delete(key);
      }
    },
    keys: () => maps.flatMap((map) => [...map.keys()]),
    size: () => maps.reduce((sum, map) => sum + map.size, 0),
  };
}

/**
 * A store in this process's memory.
 * @param elapsed milliseconds on a clock that nobody can set: no record outlives the process, so none needs the time of day
 * @returns the store; its `size()` counts the records, expired ones included until the next sweep
 */
export function createMemoryStore(
  elapsed: () => number,
  limits: Partial<MemoryLimits> = {},
): Store & { size(): number } {
  const records = createRecords(elapsed, { ...DEFAULT_LIMITS, ...limits });
  const invalidations = createInvalidations();
  const sweeper = setInterval(records.removeExpired, SWEEP_EVERY_MS).unref();
  const read = (key: string) => records.read(key)?.value;

  function write(key: string, value: string, ttlMs: number): void {
    records.write(key, value, elapsed() + ttlMs);
    invalidations.emit(key);
  }
  function remove(key: string): void {
    records.delete(key);
    invalidations.emit(key);
  }
  /** Nothing runs between the comparison and the step, which makes the two one step. */
  async function onlyIf(condition: boolean, step: () => void): Promise<boolean> {
    if (condition) step();
    return condition;
  }

  return {
    get: async (key) => read(key),
    getMany: async (keys) => keys.map(read),
    peek: (keys) => keys.map(read),
    set: async (key, value, ttlMs) => write(key, value, ttlMs),
    delete: async (key) => remove(key),
    add: (key, value, ttlMs) => onlyIf(read(key) === undefined, () => write(key, value, ttlMs)),
    replace: (key, value, ttlMs) => onlyIf(read(key) !== undefined, () => write(key, value, ttlMs)),
    deleteIf: (key, value) => onlyIf(read(key) === value, () => remove(key)),
    replaceIf: (key, expected, value, ttlMs) => onlyIf(read(key) === expected, () => write(key, value, ttlMs)),
    async keep(key, expected, ttlMs) {
      const entry = records.read(key);
      if (entry?.value !== expected) return false;
      entry.expiresAt = Math.max(entry.expiresAt, elapsed() + ttlMs);
      return true;
    },
    async reserve(key, member, limit, ttlMs) {
      const endsAt = elapsed() + ttlMs;
      const { reservation, record } = reservePlace(read(key), { member, limit, endsAt, now: elapsed() });
      if (record !== undefined) records.write(key, record.text, record.endsAt);
      return reservation;
    },
    async cancel(key, member) {
      const record = cancelPlace(read(key), member, elapsed());
      if (record === undefined) records.delete(key);
      else records.write(key, record.text, record.endsAt);
    },
    async increment(key, first, ttlMs) {
      const next = nextNumber(read(key), first);
      write(key, String(next), ttlMs);
      return next;
    },
    async *scan(prefix) {
      yield records.keys().filter((key) => key.startsWith(prefix));
    },
    // No other process writes here, and every write is reported: a session that is still cached is current.
    generation: () => 0,
    onInvalidate: invalidations.on,
    onReopen: () => () => undefined,
    settleMs: 0,
    ping: async () => {},
    async close() {
      clearInterval(sweeper);
    },
    size: records.size,
  };
}
