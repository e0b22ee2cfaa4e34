/** The interface of every session store: records with an end, and the atomic steps that sessions need. */
import type { Reservation } from './reservations.ts';

/**
 * A key-value store with expiry. Every call either does what it says or throws `StoreUnavailable` within one second:
 * "not found" always means that there is no such record. Values are sealed before they come here, and keys are hashes
 * (sessions/keys.ts). All times to live are milliseconds, and every record has one.
 */
export interface Store {
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  /** As `getMany`, at once, for a store that reads without waiting (memory, file); the others do not have it. */
  peek?(keys: string[]): (string | undefined)[];
  /** Writes whether or not there is such a record. */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Writes only if there is no such record (locks, tokens that are used once); whether it did. */
  add(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Writes only if there is such a record (a refresh must not restore a session that has ended); whether it did. */
  replace(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Deletes only if the record has this value, in one step (the holder of a lock); whether it did. */
  deleteIf(key: string, value: string): Promise<boolean>;
  /** Writes only if the record has the value `expected`, in one step; whether it did. */
  replaceIf(key: string, expected: string, value: string, ttlMs: number): Promise<boolean>;
  /** Makes the record last for at least `ttlMs` from now, if it has the value `expected`, in one step; whether it has. */
  keep(key: string, expected: string, ttlMs: number): Promise<boolean>;
  /**
   * Takes one of the `limit` places of a counter for `ttlMs`, in one step. A member that has a place keeps it for
   * `ttlMs` from now. Each place ends by itself, so the count is that of any `ttlMs` in a row (a sliding window).
   * @param member letters, digits, `_` and `-`, at most 64
   */
  reserve(key: string, member: string, limit: number, ttlMs: number): Promise<Reservation>;
  /** Gives the place of a member back, if it has one. */
  cancel(key: string, member: string): Promise<void>;
  /**
   * Adds one to a number, in one step, and makes its record last `ttlMs` from now.
   * @param first the result where there is no such record
   */
  increment(key: string, first: number, ttlMs: number): Promise<number>;
  /**
   * The keys that begin with `prefix`, some at a time and in no order; one may come twice. It walks through the whole
   * store, so it is for commands of an operator alone. A record that is there from the first to the last step is named.
   * @throws StoreUnavailable for a step that fails or takes longer than a second
   */
  scan(prefix: string): AsyncIterable<string[]>;
  /**
   * What was read while `generation()` returned this number may be used without a read as long as it returns the same
   * number, unless `onInvalidate` named its key. Never waits. `undefined`: changes elsewhere may have been missed, so
   * nothing may be used.
   */
  generation(): number | undefined;
  /**
   * Calls `listener` for each record that was changed, here or elsewhere; `undefined` means all.
   * @returns stops that
   */
  onInvalidate(listener: InvalidationListener): () => void;
  /**
   * `restore` is called each time the store has been opened anew and may have lost its last writes (a Redis that crashed
   * or failed over, a folder that was replaced): before any other call reads from it. While it fails, the store is
   * unavailable.
   * @returns stops that
   */
  onReopen(restore: Restore): () => void;
  /** For so long after a change other processes may go on using what they read before (milliseconds). */
  readonly settleMs: number;
  /** For `/-/health/ready`: throws `StoreUnavailable` unless the store takes writes. Leaves no record. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Hears of each record that was changed; `undefined`: all may have. */
export type InvalidationListener = (key: string | undefined) => void;

/** Writes again what a store that was opened anew may have lost. */
export type Restore = (access: Pick<Store, 'getMany' | 'add' | 'replaceIf' | 'delete'>) => Promise<void>;

/** The longest time of a store call: a request must get its 503 within a second. */
export const STORE_TIMEOUT_MS = 900;
