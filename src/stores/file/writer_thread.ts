/**
 * The thread that writes in the database of the file store. Another process that was stopped in the midst of a write
 * holds the lock of all writers until it goes on; whoever wants to write waits for it with the whole thread.
 */
import { accessSync, constants, statfsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { filesIn } from './files.ts';
import { COMMIT_FLAGS, type Lmdb, openLmdb } from './lmdb.ts';
import { keepPrivate } from './private_folder.ts';
import { type Failure, type Job, type Outcome, type Reply, type Request, toFailure } from './protocol.ts';
import { runJob } from './steps.ts';

interface Opened {
  database: Lmdb;
  folder: string;
  files: string;
  /** The last write was not refused. */
  writable: boolean;
}

/** Less free space than this is a full disk. */
const MIN_FREE_BYTES = 256 * 1024;
const REPLACED = new Error('the files in the folder are not those that are open');

/** Shared with the thread that answers: 1 in the midst of a transaction. */
const isBusy: Int32Array = workerData;
let opened: Opened | undefined;

function open(folder: string): Reply {
  const before = filesIn(folder);
  const warnings = keepPrivate(folder);
  const database = openLmdb(folder);
  const files = filesIn(folder);
  if (files === undefined || (before !== undefined && before !== files)) {
    void database.close();
    throw REPLACED;
  }
  opened = { database, folder, files, writable: true };
  return { kind: 'opened', files, warnings };
}

/** One transaction, committed when this returns: LMDB's asynchronous ones do not survive a full disk. */
function commit({ database, folder, files }: Opened, work: () => void): void {
  database.transactionSync(() => {
    // Only now, with the lock: until then another process may have held it for a long time.
    if (filesIn(folder) !== files) throw REPLACED;
    work();
  }, COMMIT_FLAGS);
}

/** Why records cannot be written, as far as that shows without a write; after a failure, with one that leaves nothing. */
function problemOf(store: Opened): Failure | undefined {
  try {
    accessSync(store.folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(store.folder);
    if (bavail * bsize < MIN_FREE_BYTES) throw new Error('the disk is full');
    if (store.writable) return undefined;
    commit(store, () => void store.database.put('.probe', 'x'.repeat(32_768)));
    commit(store, () => void store.database.remove('.probe'));
    store.writable = true;
    return undefined;
  } catch (error) {
    if (error === REPLACED) throw error;
    return toFailure(error);
  }
}

function write(store: Opened, jobs: Job[]): Reply {
  const isProbe = ({ step }: Job) => step.kind === 'probe';
  const problem = jobs.some(isProbe) ? problemOf(store) : undefined;
  const outcomes: Outcome[] = [];
  try {
    commit(store, () => {
      for (const job of jobs) outcomes.push((isProbe(job) ? problem : undefined) ?? runJob(store.database, job));
    });
  } catch (error) {
    if (error !== REPLACED) store.writable = false;
    throw error;
  }
  // A transaction of probes writes nothing, so it does not show that a write is possible again.
  if (!jobs.every(isProbe)) store.writable = true;
  return { kind: 'written', outcomes };
}

/** `work`, so that the process does not end in the midst of it (`thread.ts`). */
function whole(work: () => Reply): Reply {
  Atomics.store(isBusy, 0, 1);
  try {
    return work();
  } finally {
    Atomics.store(isBusy, 0, 0);
    Atomics.notify(isBusy, 0);
  }
}

async function answer(request: Request): Promise<Reply> {
  try {
    if (request.kind === 'open') return whole(() => open(request.folder));
    if (request.kind === 'write') {
      const store = opened;
      if (store === undefined) throw new Error('not open');
      return whole(() => write(store, request.jobs));
    }
    await opened?.database.close();
    return { kind: 'closed' };
  } catch (error) {
    return error === REPLACED ? { kind: 'replaced' } : toFailure(error);
  }
}

parentPort?.on('message', async (request: Request) => {
  parentPort?.postMessage(await answer(request));
  if (request.kind === 'close') parentPort?.close();
});
