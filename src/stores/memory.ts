/** The store in memory: one process, bounded, gone at a restart. */
import type { KeyvStoreAdapter } from 'keyv';
import { LRUCache } from 'lru-cache';
import { createLru } from '../lru.ts';
import { openKeyv } from './keyv.ts';
import type { Store } from './store.ts';

interface Entry {
  value: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** What the store may hold; the sessions that were idle longest go first. */
export interface MemoryLimits {
  /** Bytes of session rows. */
  sessions: number;
  /** Number of counters (refused credentials of one user name or address). */
  counters: number;
}

const SWEEP_EVERY_MS = 60_000;
const DEFAULT_LIMITS: MemoryLimits = { sessions: 1024 ** 3, counters: 100_000 };

/** Rows in three places, because they may be forgotten in different ways. `now` in milliseconds since the epoch. */
function createRows(now: () => number, limits: MemoryLimits) {
  const sessions = new LRUCache<string, Entry>({
    maxSize: limits.sessions,
    sizeCalculation: (entry, key) => entry.value.length + key.length + 500,
  });
  const counters = createLru<string, Entry>(limits.counters);
  // Sign-outs, locks and used tokens only expire. Were they evicted, whoever can make rows could raise a dead session.
  const others = new Map<string, Entry>();
  const placeOf = (key: string) => (key.startsWith('s:') ? sessions : key.startsWith('c:') ? counters : others);
  return {
    read(key: string): Entry | undefined {
      const place = placeOf(key);
      const entry = place.get(key);
      if (entry === undefined || entry.expiresAt > now()) return entry;
      place.delete(key);
      return undefined;
    },
    write: (key: string, value: string, expiresAt: number) => void placeOf(key).set(key, { value, expiresAt }),
    delete: (key: string) => placeOf(key).delete(key),
    clear: () => [sessions, counters, others].forEach((place) => void place.clear()),
    sweep() {
      const at = now();
      for (const place of [sessions, counters, others]) {
        for (const [key, entry] of place.entries()) if (entry.expiresAt <= at) place.delete(key);
      }
    },
    size: () => sessions.size + counters.size + others.size,
  };
}

type Rows = ReturnType<typeof createRows>;

function memoryAdapter(rows: Rows, now: () => number): KeyvStoreAdapter {
  const adapter = {
    opts: {},
    namespace: undefined,
    get: async (key: string) => rows.read(key)?.value,
    getMany: async (keys: string[]) => keys.map((key) => rows.read(key)?.value),
    set: async (key: string, value: string, ttl: number) => rows.write(key, value, now() + ttl),
    delete: async (key: string) => rows.delete(key),
    clear: async () => rows.clear(),
    on: () => adapter,
  };
  return adapter as unknown as KeyvStoreAdapter;
}

/** A store in this process's memory. `size()` counts the rows, expired ones included until the next sweep. */
export function createMemoryStore(now: () => number, limits: Partial<MemoryLimits> = {}): Store & { size(): number } {
  const rows = createRows(now, { ...DEFAULT_LIMITS, ...limits });
  const keyv = openKeyv(memoryAdapter(rows, now));
  const listeners: ((key: string | undefined) => void)[] = [];
  const changed = (key: string) => listeners.forEach((listen) => void listen(key));
  const sweeper = setInterval(rows.sweep, SWEEP_EVERY_MS).unref();
  async function writeIf(present: boolean, key: string, value: string, ttl: number): Promise<boolean> {
    // No wait between the look and the write: in one process that makes it atomic.
    if ((rows.read(key) !== undefined) !== present) return false;
    rows.write(key, value, now() + ttl);
    changed(key);
    return true;
  }
  return {
    get: (key) => keyv.get(key),
    getMany: (keys) => keyv.getMany<string>(keys),
    peek: (keys) => keys.map((key) => rows.read(key)?.value),
    async set(key, value, ttl) {
      await keyv.set(key, value, ttl);
      changed(key);
    },
    async delete(key) {
      await keyv.delete(key);
      changed(key);
    },
    add: (key, value, ttl) => writeIf(false, key, value, ttl),
    replace: (key, value, ttl) => writeIf(true, key, value, ttl),
    async increment(key, ttl) {
      const entry = rows.read(key);
      const count = Number(entry?.value ?? 0) + 1;
      rows.write(key, String(count), entry?.expiresAt ?? now() + ttl);
      return count;
    },
    count: async (key) => Number((await keyv.get(key)) ?? 0),
    // Nobody else writes here, and every write of ours is told: a copy that is still there is true.
    generation: () => 0,
    onInvalidate: (listener) => void listeners.push(listener),
    ping: async () => {},
    async close() {
      clearInterval(sweeper);
    },
    size: rows.size,
  };
}
