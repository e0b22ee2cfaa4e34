/** Writes by a thread of its own, in groups and within a time: a write that hangs holds up nobody else. */
import { StoreUnavailable } from '../../errors.ts';
import { type Job, monotonicMs, type Outcome, type Reply, toError } from './protocol.ts';
import { startThread, type Thread } from './thread.ts';

interface Waiting {
  job: Job;
  resolve: (outcome: Outcome) => void;
  reject: (error: StoreUnavailable) => void;
}

/** What happened to the database or its thread. */
export interface WriterListener {
  /** The files in the folder are not those that are open, or the thread has ended. */
  lost(reason: 'replaced' | Error): void;
  /** A write has not been answered in time, or one that had not been has. */
  hanging(hangs: boolean): void;
}

const HANGING = new Error('an earlier write is still waiting for the disk, or for another process that has stopped');

function settleOne({ resolve, reject }: Waiting, outcome: Outcome | undefined): void {
  if (outcome === undefined) reject(new StoreUnavailable());
  else if (typeof outcome === 'object' && outcome.kind === 'failed') reject(new StoreUnavailable(toError(outcome)));
  else resolve(outcome);
}

/** The writing half of the database; `open` comes before all else, and after an `end`. */
export function createWriter(listener: WriterListener) {
  let thread: Thread | undefined;
  let waiting: Waiting[] = [];
  let posted: { group: Waiting[]; done: Promise<void> } | undefined;
  let hangs = false;

  function rejectAll(group: Waiting[], cause: Error): void {
    for (const { reject } of group) reject(new StoreUnavailable(cause));
  }

  function settle(group: Waiting[], reply: Reply): void {
    if (reply.kind === 'written') {
      for (const [at, waiter] of group.entries()) settleOne(waiter, reply.outcomes[at]);
      return;
    }
    rejectAll(group, reply.kind === 'failed' ? toError(reply) : new Error('the database has been replaced'));
    if (reply.kind === 'replaced') listener.lost('replaced');
  }

  function giveUp(group: Waiting[]): void {
    hangs = true;
    // Whoever waits behind the write that hangs, and whoever comes, hears it at once: nothing piles up.
    rejectAll([...group, ...waiting.splice(0)], HANGING);
    listener.hanging(true);
  }

  async function post(to: Thread, group: Waiting[]): Promise<void> {
    const untilMs = Math.min(...group.map(({ job }) => job.deadline)) - monotonicMs();
    const timer = setTimeout(giveUp, Math.max(untilMs, 0), group);
    const reply = await to.ask({ kind: 'write', jobs: group.map(({ job }) => job) });
    clearTimeout(timer);
    posted = undefined;
    if (hangs) {
      hangs = false;
      listener.hanging(false);
    }
    settle(group, reply);
    flush();
  }

  function flush(): void {
    if (posted !== undefined || waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    if (thread === undefined) rejectAll(group, new Error('closed'));
    else posted = { group, done: post(thread, group) };
  }

  return {
    /** Opens the database in `folder`. @throws Error */
    async open(folder: string) {
      thread ??= startThread((error) => {
        thread = undefined;
        listener.lost(error);
      });
      const reply = await thread.ask({ kind: 'open', folder });
      if (reply.kind === 'opened') return reply;
      throw reply.kind === 'failed' ? toError(reply) : new Error('the database was replaced while it was opened');
    },
    /** Does the step in one transaction with the other ones of this tick. `StoreUnavailable`: it will not be done any more. */
    write(job: Job): Promise<Outcome> {
      if (hangs) return Promise.reject(new StoreUnavailable(HANGING));
      return new Promise((resolve, reject) => {
        if (waiting.push({ job, resolve, reject }) === 1) setImmediate(flush);
      });
    },
    /** Ends the thread, after the writes that have come. Resolves when it is gone. */
    async end(): Promise<void> {
      flush();
      while (posted !== undefined) await posted.done;
      const ending = thread;
      thread = undefined;
      await ending?.end();
    },
  };
}

export type Writer = ReturnType<typeof createWriter>;
