/** The embedded database of `file://`: LMDB, opened on first use, written in groups, read without waiting. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { StoreUnavailable } from '../../errors.ts';
import { COMMIT_FLAGS, type Lmdb, openLmdb } from './lmdb.ts';
import { keepPrivate } from './private_folder.ts';

/** What a write may do. All writes of a tick are one transaction, so each sees what those before it did. */
export type Transaction = Pick<Lmdb, 'get' | 'put' | 'remove'>;

interface Job {
  run: (transaction: Transaction) => void;
  reject: (error: unknown) => void;
  done: () => void;
}

const RETRY_AFTER_MS = 1000;
/** Less free space than this is a full disk. */
const MIN_FREE_BYTES = 256 * 1024;

/**
 * Opens the database in `folder` at the first use, and again after a failure, at most once a second.
 * Writes are synchronous inside: LMDB's asynchronous ones do not survive a full disk. A commit takes 0.05 to 1 ms.
 * @param warn hears what of the folder stays open to other users of the machine
 */
export function createDatabase(folder: string, warn: (message: string) => void = () => undefined) {
  let database: Lmdb | undefined;
  let failure: { error: unknown; at: number } | undefined;
  let jobs: Job[] = [];
  let writable = true;
  let closed = false;

  function opened(): Lmdb {
    if (database !== undefined) return database;
    if (closed) throw new StoreUnavailable('closed');
    if (failure !== undefined && performance.now() - failure.at < RETRY_AFTER_MS)
      throw new StoreUnavailable(failure.error);
    try {
      const warnings = keepPrivate(folder);
      database = openLmdb(folder);
      warnings.forEach(warn);
      return database;
    } catch (error) {
      failure = { error, at: performance.now() };
      throw new StoreUnavailable(error);
    }
  }

  function commitJobs(): void {
    const group = jobs;
    jobs = [];
    try {
      const store = opened();
      store.transactionSync(() => {
        for (const job of group) job.run(store);
      }, COMMIT_FLAGS);
      writable = true;
    } catch (error) {
      writable = false;
      for (const job of group) job.reject(error instanceof StoreUnavailable ? error : new StoreUnavailable(error));
      return;
    }
    for (const job of group) job.done();
  }

  function commit<T>(work: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const run = (transaction: Transaction) => {
        result = work(transaction);
      };
      if (jobs.push({ run, reject, done: () => resolve(result) }) === 1) setImmediate(commitJobs);
    });
  }

  return {
    /** Reads raw records as they are now: LMDB would go on showing the state that it showed earlier in this tick. */
    read(keys: string[]): (string | undefined)[] {
      const store = opened();
      try {
        store.resetReadTxn();
        return keys.map((key) => store.get(key));
      } catch (error) {
        throw new StoreUnavailable(error);
      }
    },
    /** `limit` records from `start` on, in the order of their keys. */
    slice(start: string, limit: number): { key: string; value: string }[] {
      return [...opened().getRange({ start, limit })];
    },
    /** Runs `work` in one transaction with the other writes of this tick. `StoreUnavailable`: nothing was written. */
    commit,
    /** Throws `StoreUnavailable` unless records can be written. */
    async probe(): Promise<void> {
      try {
        opened();
        accessSync(folder, constants.W_OK);
        const { bavail, bsize } = statfsSync(folder);
        if (bavail * bsize < MIN_FREE_BYTES) throw new Error('the disk is full');
      } catch (error) {
        throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
      }
      if (writable) return;
      // The last write failed: only another one shows whether that is over.
      await commit((transaction) => transaction.put('.probe', 'x'.repeat(32_768)));
      await commit((transaction) => transaction.remove('.probe'));
    },
    async close(): Promise<void> {
      if (jobs.length > 0) commitJobs();
      closed = true;
      await database?.close();
      database = undefined;
    },
  };
}

export type Database = ReturnType<typeof createDatabase>;
