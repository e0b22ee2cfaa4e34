/** One worker process, seen from its parent. */
import cluster, { type Worker } from 'node:cluster';
import { rescueHandedOver } from './handed_over.ts';
import { onWorkerMessage, tellWorker, type VersionedConfig } from './messages.ts';
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
  /** The signal that ended it. */
  readonly endedBy: string | undefined;
  /** Of the configuration that it was given last to serve with; `undefined` until it asks. */
  readonly version: number | undefined;
  /** Lets it compile a configuration. Resolves with what is wrong; with nothing also where it ends meanwhile. */
  prepare(candidate: VersionedConfig): Promise<string | undefined>;
  /** Lets it serve with what it has prepared. Resolves when it does, or has ended. */
  commit(version: number): Promise<void>;
  abort(version: number): void;
  kill(signal: NodeJS.Signals): void;
  /** Once a second. Kills it where it hangs. */
  tick(): void;
}

export interface WorkerProcessOptions {
  /** What it is to serve with, when it asks. */
  config: () => VersionedConfig;
  /** Up to when session ends at authentik may have been missed. */
  gap: () => number | undefined;
  /** Takes a sentence when it is killed because it hangs. */
  onHang: (message: string) => void;
  /** Whether another one serves. */
  hasOthers: () => boolean;
}

export function startWorker({ config, gap, onHang, hasOthers }: WorkerProcessOptions): WorkerProcess {
  const watch = createWorkerWatch();
  const worker = cluster.fork();
  rescueHandedOver(worker, hasOthers);
  let isOver = false;
  let endedBy: string | undefined;
  let given: number | undefined;
  const answers = new Map<string, (problem: string | undefined) => void>();
  onWorkerMessage(worker, (message) => {
    if (message.gatepost === 'alive') watch.signOfLife();
    if (message.gatepost === 'wants_config') {
      const first = config();
      given = first.version;
      tellWorker(worker, { gatepost: 'config', gap: gap(), ...first });
    }
    if (message.gatepost === 'prepared') answers.get(`prepared ${message.version}`)?.(message.problem);
    if (message.gatepost === 'serves') answers.get(`serves ${message.version}`)?.(undefined);
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
    worker.once('exit', (code, signal) => {
      endedBy = signal ?? undefined;
      end(String(signal ?? code));
    });
    // A process that the system did not let begin has no exit.
    if (worker.process.pid === undefined) worker.once('error', ({ message }) => end(message));
  });
  /** What it says, or nothing more once it has ended. */
  async function answer(name: string, ask: () => void): Promise<string | undefined> {
    const said = new Promise<string | undefined>((resolve) => answers.set(name, resolve));
    ask();
    const problem = await Promise.race([said, ended.then(() => undefined)]);
    answers.delete(name);
    return problem;
  }
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
    get endedBy() {
      return endedBy;
    },
    get version() {
      return given;
    },
    prepare: (candidate) =>
      answer(`prepared ${candidate.version}`, () => tellWorker(worker, { gatepost: 'prepare', ...candidate })),
    async commit(version) {
      given = version;
      await answer(`serves ${version}`, () => tellWorker(worker, { gatepost: 'commit', version }));
    },
    abort: (version) => tellWorker(worker, { gatepost: 'abort', version }),
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
