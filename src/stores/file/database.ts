/** The embedded database of `file://`: LMDB, read at once by the thread that answers, written by one of its own, opened again when it is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { orAfter, withDeadline } from '../../async/deadline.ts';
import { StoreUnavailable } from '../../errors.ts';
import { STORE_TIMEOUT_MS } from '../store.ts';
import type { Access, DatabaseListener } from './access.ts';
import { filesIn, lookForFiles } from './files.ts';
import { createGenerations } from './generations.ts';
import { monotonicMs, type Outcome, type Reply, type Step } from './protocol.ts';
import { createReader } from './reader.ts';
import { GENERATION_KEY } from './rows.ts';
import { createWriter } from './writer.ts';

/** Between looks at the folder, and between attempts to open it. */
const LOOK_EVERY_MS = 1000;
/**
 * Until a database that was replaced is opened: longer than the other processes take to notice. Attack: LMDB keeps who
 * writes apart by the lock file. A process that opens new data beside one that still has the old lock file, or old data
 * with a new one, writes at the same time as that one, and sign-outs are lost.
 */
const SETTLE_MS = 1500;
/** From when one that was replaced is open until it is used: the other processes write their sign-outs again meanwhile. */
const HOLD_MS = 1500;

/** How long a close takes at most: writes that have come are waited for, a thread that hangs is not. */
const CLOSE_TIMEOUT_MS = 250;

/**
 * Opens the database in `folder`, and again when it is lost or could not be opened.
 * @param now milliseconds since the epoch
 */
export function createDatabase(folder: string, now: () => number, listener: DatabaseListener) {
  let files: string | undefined;
  let isReady = false;
  let isLost = false;
  let closed = false;
  let failure: unknown;
  let opening: Promise<void> | undefined;
  let notBefore = 0;
  /** Resolves when nothing of an earlier opening is left: LMDB would take that for what is opened next. */
  let gone: Promise<unknown> = Promise.resolve();
  const generations = createGenerations();
  const reader = createReader();
  const writer = createWriter({
    lost: lose,
    hanging(hangs) {
      if (!closed) listener.hanging(hangs);
    },
  });

  const unavailable = () => new StoreUnavailable(closed ? new Error('closed') : failure);

  const access: Access = {
    read: reader.read,
    write: (step) => writer.write({ step, now: now(), deadline: monotonicMs() + STORE_TIMEOUT_MS }),
  };
  const readNumber = () => Number(access.read([GENERATION_KEY])[0] ?? 0);

  function closeBoth(): Promise<unknown> {
    isReady = false;
    const closeReader = reader.stop();
    // Not before the thread is gone: a thread that died in the midst of a transaction holds the lock of all writers, and
    // where the lock file is not in memory any more when it ends, the system cannot tell the others.
    const closing = writer.end().then(closeReader);
    gone = closing;
    return orAfter(closing, CLOSE_TIMEOUT_MS, undefined);
  }

  function lose(reason: 'replaced' | Error): void {
    if (reason === 'replaced') {
      notBefore = monotonicMs() + SETTLE_MS;
      setTimeout(openIfDue, SETTLE_MS + 1).unref();
    }
    failure = reason === 'replaced' ? new Error('the database has been replaced') : reason;
    isLost = true;
    if (!isReady) return;
    listener.lost(reason);
    void closeBoth();
  }

  /** Reads from the database that the thread has opened, and lets the others in. */
  async function join(opened: Extract<Reply, { kind: 'opened' }>): Promise<void> {
    reader.open(folder);
    // Had it been replaced meanwhile, this thread would read another database than the other one writes.
    if (filesIn(folder) !== opened.files) throw new Error('the database was replaced while it was opened');
    const isAnother = files !== undefined && files !== opened.files;
    generations.begin(readNumber());
    await listener.restore(access);
    if (isAnother) await sleep(HOLD_MS, undefined, { ref: false });
    if (closed || isLost) throw unavailable();
    files = opened.files;
    isReady = true;
    listener.opened(opened.warnings);
  }

  async function open(): Promise<void> {
    await gone;
    isLost = false;
    const opened = await writer.open(folder).catch(fail);
    if (opened === undefined) return;
    try {
      await join(opened);
    } catch (error) {
      await closeBoth();
      fail(error instanceof StoreUnavailable ? error.cause : error);
    }
  }

  function fail(error: unknown): undefined {
    failure = error;
    if (!closed) listener.failed(error);
  }

  function openIfDue(): void {
    if (closed || opening !== undefined || monotonicMs() < notBefore) return;
    opening = open().finally(() => {
      opening = undefined;
    });
  }

  async function look(): Promise<void> {
    if (!isReady) return openIfDue();
    const known = files;
    const found = await lookForFiles(folder);
    if (found !== known && files === known) lose('replaced');
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  openIfDue();

  async function ready(): Promise<void> {
    // Requests in the first moments of a process wait for the database instead of seeing an outage.
    if (!isReady && !closed && opening !== undefined) await withDeadline(opening, STORE_TIMEOUT_MS, unavailable);
    if (!isReady) throw unavailable();
  }

  return {
    isReady: () => isReady,
    ready,
    /** As `Access.read`, at once. @throws StoreUnavailable */
    read(keys: string[]): (string | undefined)[] {
      if (!isReady) throw unavailable();
      return reader.read(keys);
    },
    /** As `reader.keys`, at once. @throws StoreUnavailable */
    keys(prefix: string, after: string | undefined): string[] {
      if (!isReady) throw unavailable();
      return reader.keys(prefix, after);
    },
    /** As `Access.write`. `StoreUnavailable`: it was not done, or not in time. */
    write: (step: Step): Promise<Outcome> => (isReady ? access.write(step) : ready().then(() => access.write(step))),
    /** A number that changes with each change that cached sessions depend on; `undefined`: not known. */
    generation(): number | undefined {
      if (!isReady) return undefined;
      const current = generations.next(readNumber());
      // Somebody has copied an older state into the file that is open.
      if (current === undefined) lose('replaced');
      return current;
    },
    async close(): Promise<void> {
      closed = true;
      clearInterval(timer);
      await closeBoth();
    },
  };
}

export type Database = ReturnType<typeof createDatabase>;
