/** One worker process, seen from its parent. */
import cluster, { type Worker } from 'node:cluster';
import type { Config } from '../config/schema/config.ts';
import { rescueHandedOver } from './handed_over.ts';
import { onWorkerMessage, tellWorker } from './messages.ts';
import { createWorkerWatch, MAX_SILENT_TICKS } from './worker_watch.ts';

export interface WorkerProcess {
  readonly worker: Worker;
  readonly isServing: boolean;
  /** Whether it has served for so long that it started well. */
  readonly isSteady: boolean;
  /** Resolves when it listens; `false`: it ended before. */
  readonly listening: Promise<boolean>;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Once a second. Kills it where it hangs. */
  tick(): void;
}

export interface WorkerProcessOptions {
  /** What it is to serve with, when it asks. */
  config: () => Config;
  /** Takes a sentence when it is killed because it hangs. */
  onHang: (message: string) => void;
  /** Whether another one serves. */
  hasOthers: () => boolean;
}

export function startWorker({ config, onHang, hasOthers }: WorkerProcessOptions): WorkerProcess {
  const watch = createWorkerWatch();
  const worker = cluster.fork();
  rescueHandedOver(worker, hasOthers);
  let isOver = false;
  onWorkerMessage(worker, ({ gatepost }) => {
    if (gatepost === 'alive') watch.signOfLife();
    if (gatepost === 'wants_config') tellWorker(worker, { gatepost: 'config', config: config() });
  });
  const begins = new Promise<boolean>((resolve) => {
    worker.once('listening', () => {
      watch.listens();
      resolve(true);
    });
  });
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      isOver = true;
      resolve(`worker ${worker.id} ended (${how})${watch.isServing ? '' : ' before it could listen'}`);
    };
    worker.once('exit', (code, signal) => end(String(signal ?? code)));
    // A process that the system did not let begin has no exit.
    if (worker.process.pid === undefined) worker.once('error', ({ message }) => end(message));
  });
  const kill = (signal: NodeJS.Signals) => void worker.process.kill(signal);
  return {
    worker,
    get isServing() {
      return watch.isServing && !isOver;
    },
    get isSteady() {
      return watch.isSteady;
    },
    listening: Promise.race([begins, ended.then(() => false)]),
    ended,
    kill,
    tick() {
      watch.tick();
      if (isOver || !watch.hangs) return;
      const what = watch.isServing ? `gave no sign of life for ${MAX_SILENT_TICKS} s` : 'does not begin to listen';
      onHang(`worker ${worker.id} ${what} and is killed`);
      kill('SIGKILL');
    },
  };
}
