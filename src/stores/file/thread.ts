/** Starts the thread that writes, wherever this code runs: from its sources, as the library, or in the bundled command. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { type Reply, type Request, toFailure } from './protocol.ts';

export interface Thread {
  /** Resolves with a failure when the thread ends meanwhile. */
  ask(request: Request): Promise<Reply>;
  /** Resolves when the thread is gone: after what it was asked. It ends itself; one that is terminated leaves its transaction open. */
  end(): Promise<void>;
}

/** How long the end of the process waits for a transaction. */
const EXIT_TIMEOUT_MS = 1000;

let compiled: string | undefined;

/** The thread's code, where this runs from its sources: Node 20 removes no types, and a thread has no loader that does. */
function compile(): string {
  const require = createRequire(import.meta.url);
  const { outputFiles } = require('esbuild').buildSync({
    entryPoints: [fileURLToPath(new URL('./writer_thread.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
  });
  // What is not in it is found from here, wherever the process was started.
  return `((require) => {${outputFiles[0].text}})(require('node:module').createRequire(${JSON.stringify(import.meta.url)}))`;
}

function startWorker(isBusy: Int32Array): Worker {
  const options = { name: 'gatepost-writer', workerData: isBusy };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./writer_thread.js', import.meta.url), options);
  compiled ??= compile();
  return new Worker(compiled, { ...options, eval: true });
}

/**
 * Waits for a thread that is in the midst of a transaction before the process ends. Node would end the thread there: the
 * lock of all writers would stay taken for good, as its owner is gone and its memory, too, before the system could tell
 * the other processes. Where it does not come out (it waits for a process that has stopped), the system ends the whole
 * process, and the lock with it.
 */
function leaveWith(isBusy: Int32Array): void {
  if (Atomics.wait(isBusy, 0, 1, EXIT_TIMEOUT_MS) === 'timed-out') process.kill(process.pid, 'SIGKILL');
}

/** @param died hears when the thread ends although nobody ended it */
export function startThread(died: (error: Error) => void): Thread {
  // 1 while the thread is in the midst of a transaction.
  const isBusy = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorker(isBusy);
  const leave = () => leaveWith(isBusy);
  if (isMainThread) process.on('exit', leave);
  const waiting: ((reply: Reply) => void)[] = [];
  let failure = new Error('the thread that writes has ended');
  let isEnding = false;

  function settle(reply: Reply): void {
    waiting.shift()?.(reply);
    // Alone, a thread that waits for requests does not keep the process.
    if (waiting.length === 0) worker.unref();
  }
  worker.unref();
  worker.on('message', settle);
  worker.on('error', (error) => {
    failure = error;
  });
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      process.off('exit', leave);
      resolve();
      while (waiting.length > 0) settle(toFailure(failure));
      if (!isEnding) died(failure);
    });
  });
  function ask(request: Request): Promise<Reply> {
    worker.ref();
    return new Promise((resolve) => {
      waiting.push(resolve);
      worker.postMessage(request);
    });
  }
  return {
    ask,
    async end() {
      isEnding = true;
      void ask({ kind: 'close' });
      await gone;
    },
  };
}
