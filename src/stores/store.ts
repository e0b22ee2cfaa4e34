/** The store as the rest of Gatepost sees it: Keyv for the rows, and the few atomic steps that Keyv has not. */

/**
 * A key-value store with expiry. Every call either does what it says or throws `StoreUnavailable`
 * within one second: "not found" always means that the row is not there.
 * Values are sealed before they come here, and keys are hashed (names.ts).
 */
export interface Store {
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  /** As `getMany`, at once, for a store that can read without waiting (memory, file); the others do not have it. */
  peek?(keys: string[]): (string | undefined)[];
  /** Writes whether or not the key is there. `ttl` in milliseconds; every row has one. */
  set(key: string, value: string, ttl: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Writes only if the key is absent (locks, `jti` replay); whether it did. */
  add(key: string, value: string, ttl: number): Promise<boolean>;
  /** Writes only if the key is there (a refresh must not raise a dead session); whether it did. */
  replace(key: string, value: string, ttl: number): Promise<boolean>;
  /** Adds one to a counter that ends `ttl` milliseconds after its first increment; the new count. */
  increment(key: string, ttl: number): Promise<number>;
  /** The present count, 0 where there is none. */
  count(key: string): Promise<number>;
  /**
   * Whether a copy that was read while `epoch()` gave this number may still be believed, without any wait.
   * A store that cannot know answers `undefined`: nothing may be believed, read again.
   */
  generation(): number | undefined;
  /** Rows that were changed, here or elsewhere: the copies of these keys are worth nothing any more; `undefined` means all. */
  onInvalidate(listener: (key: string | undefined) => void): void;
  /** Resolves when the store answers and takes writes; throws `StoreUnavailable` otherwise. For `/-/health/ready`. Leaves no row. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** No store call takes longer (milliseconds): a request must get its 503 within a second. */
export const STORE_TIMEOUT_MS = 900;
