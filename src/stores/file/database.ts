/** The embedded database of `file://`: LMDB, opened when it can be, written in groups, read without waiting. */
import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type TransactionFlags } from 'lmdb';
import { StoreUnavailable } from '../../errors.ts';

/** What a write may do: all of a turn's writes are one transaction, so each sees what those before it did. */
export type Transaction = Pick<RootDatabase<string, string>, 'get' | 'put' | 'remove'>;

interface Job {
  run: (transaction: Transaction) => void;
  reject: (error: unknown) => void;
  done: () => void;
}

/**
 * Abortable, and flushed to the disk after the commit and not in it (MDB_NOSYNC for this transaction). LMDB's overlapping
 * sync keeps the last flushed state intact: a process that dies loses nothing, a machine that dies loses the last moments.
 */
const FLUSH_LATER_MS = 0x10003 as TransactionFlags;
const RETRY = 1000;
/** Less free space than this (bytes) is a full disk. */
const LEAST_FREE = 256 * 1024;

/**
 * Opens the database in `folder` at the first use, and again after a failure, at most once a second.
 * Writes are synchronous inside: LMDB's asynchronous ones do not survive a full disk. A commit takes 0.05 to 1 ms.
 */
export function createDatabase(folder: string) {
  let database: RootDatabase<string, string> | undefined;
  let failure: { error: unknown; at: number } | undefined;
  let jobs: Job[] = [];
  let flushing: Promise<void> | undefined;
  let unflushed = false;
  let writable = true;
  let closed = false;

  function openNow(): RootDatabase<string, string> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return open<string, string>({ path: join(folder, 'sessions.mdb'), encoding: 'string', noMemInit: false });
  }

  function opened(): RootDatabase<string, string> {
    if (database !== undefined) return database;
    if (closed) throw new StoreUnavailable('closed');
    if (failure !== undefined && performance.now() - failure.at < RETRY) throw new StoreUnavailable(failure.error);
    try {
      database = openNow();
      return database;
    } catch (error) {
      failure = { error, at: performance.now() };
      throw new StoreUnavailable(error);
    }
  }

  /** One flush at a time; what was committed meanwhile gets another. */
  function flush(store: RootDatabase<string, string>): void {
    unflushed = true;
    flushing ??= (async () => {
      while (unflushed) {
        unflushed = false;
        await new Promise<void>((resolve) => {
          (store as unknown as { sync(done: (error?: unknown) => void): void }).sync((error) => {
            if (error) writable = false;
            resolve();
          });
        });
      }
      flushing = undefined;
    })();
  }

  function commitJobs(): void {
    const group = jobs;
    jobs = [];
    try {
      const store = opened();
      store.transactionSync(() => {
        for (const job of group) job.run(store);
      }, FLUSH_LATER_MS);
      writable = true;
      flush(store);
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
    /** Reads rows at once, as they are now: LMDB would go on showing the state that it has shown earlier in this turn. */
    read(keys: string[]): (string | undefined)[] {
      const store = opened();
      try {
        store.resetReadTxn();
        return keys.map((key) => store.get(key));
      } catch (error) {
        throw new StoreUnavailable(error);
      }
    },
    /** `limit` rows after `start`, in the order of their names. */
    slice(start: string, limit: number): { key: string; value: string }[] {
      return [...opened().getRange({ start, limit })];
    },
    /** Runs `work` in a transaction with everybody else's of this turn. Throws `StoreUnavailable` when nothing was written. */
    commit,
    /** Throws `StoreUnavailable` unless rows can be written. */
    async probe(): Promise<void> {
      try {
        opened();
        accessSync(folder, constants.W_OK);
        const { bavail, bsize } = statfsSync(folder);
        if (bavail * bsize < LEAST_FREE) throw new Error('the disk is full');
      } catch (error) {
        throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
      }
      if (writable) return;
      // The last write failed: only another one tells whether that is over.
      await commit((transaction) => transaction.put('.probe', 'x'.repeat(32_768)));
      await commit((transaction) => transaction.remove('.probe'));
    },
    async close(): Promise<void> {
      if (jobs.length > 0) commitJobs();
      closed = true;
      await flushing;
      await database?.close();
      database = undefined;
    },
  };
}

export type Database = ReturnType<typeof createDatabase>;
