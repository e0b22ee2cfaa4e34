/** Worker processes: each one that ends is replaced. */
import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Before a worker is replaced; doubled for each failed start in a row, as forking without a pause would stop the
 * machine.
 */
const RESTART_PAUSE_MS = 500;
/** Where so many workers in a row end before they listen, the next one would too. */
const MAX_FAILED_STARTS = 6;
/** Workers are given so long to end before they are killed. */
const SHUTDOWN_MS = 4800;

export interface Workers {
  /** Ends them all. */
  close(): Promise<void>;
  /** Resolves when they cannot be replaced: this process has to end, for its own supervisor to see it. */
  readonly failed: Promise<void>;
}

/**
 * Forks `count` workers and resolves once each listens.
 *
 * @param report takes a sentence about each worker that ended
 * @param pauseMs before the first try to replace one
 * @throws Error when a worker ends before it has ever listened (a port that is taken, say)
 */
export async function startWorkers(
  count: number,
  report: (message: string) => void,
  pauseMs = RESTART_PAUSE_MS,
): Promise<Workers> {
  let stopping = false;
  let fail = () => {};
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });

  /** @param failedStarts how many workers before this one, in a row, ended before they listened */
  async function replace(failedStarts: number): Promise<void> {
    await sleep(pauseMs * 2 ** failedStarts);
    if (stopping) return;
    const worker = cluster.fork();
    listening(worker).then(
      () => replaceAtExit(worker),
      (error: Error) => retry(error.message, failedStarts + 1),
    );
  }

  function replaceAtExit(worker: Worker): void {
    worker.once('exit', (code, signal) => {
      if (stopping) return;
      report(`worker ${worker.id} ended (${signal ?? code}), another one takes its place`);
      void replace(0);
    });
  }

  function retry(problem: string, failedStarts: number): void {
    if (stopping) return;
    const last = failedStarts === MAX_FAILED_STARTS;
    report(`${problem}; ${last ? `${failedStarts} in a row did, and the process ends` : 'another one is tried'}`);
    if (last) fail();
    else void replace(failedStarts);
  }

  const first = Array.from({ length: count }, () => cluster.fork());
  await Promise.all(first.map((worker) => listening(worker).then(() => replaceAtExit(worker)))).catch(
    (error: unknown) => {
      stopping = true;
      killAll('SIGKILL');
      throw error;
    },
  );
  return {
    failed,
    async close() {
      stopping = true;
      const ended = Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && exited(worker)));
      killAll('SIGTERM');
      const late = setTimeout(() => killAll('SIGKILL'), SHUTDOWN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

function listening(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('listening', () => resolve());
    worker.once('exit', (code, signal) => {
      reject(new Error(`worker ${worker.id} ended (${signal ?? code}) before it could listen`));
    });
  });
}

function exited(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

function killAll(signal: NodeJS.Signals): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
}
