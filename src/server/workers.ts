/** Worker processes: each one that ends, or hangs, is replaced. */
import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema/config.ts';
import { tellWorker } from './messages.ts';
import { replaceConfig } from './replace_config.ts';
import { startWorker, type WorkerProcess } from './worker_process.ts';
import { TICK_MS } from './worker_watch.ts';

/**
 * Before a worker is replaced; doubled for each one in a row that did not serve for long, as forking without a pause
 * would stop the machine.
 */
const RESTART_PAUSE_MS = 250;
/** The longest of these pauses. */
const MAX_RESTART_PAUSE_MS = 30_000;
/** Where so many workers in a row did not serve for long, and none serves now, the next one would not either. */
const MAX_FAILED_STARTS = 6;
/** Workers are given so long to end before they are killed. */
const SHUTDOWN_MS = 4850;

export interface Workers {
  /** Those that serve now. */
  serving(): Worker[];
  /**
   * Gives all of them another configuration, and resolves when all serve with it; those that start later get it, too.
   * @throws Error where one of them cannot: the one before goes on in all
   */
  replace(config: Config): Promise<void>;
  /** Tells all of them, and those that start later, up to when session ends at authentik may have been missed. */
  setGap(since: number): void;
  /** Ends them all. */
  close(): Promise<void>;
  /** Resolves when they cannot be replaced: this process has to end, for its own supervisor to see it. */
  readonly failed: Promise<void>;
}

export interface WorkersOptions {
  count: number;
  /** What they are to serve with. */
  config: Config;
  /** Takes a sentence about each worker that ended, that hangs, or that cannot take another configuration. */
  report: (event: 'worker.exited' | 'worker.hung' | 'worker.refused', message: string) => void;
  /** Milliseconds before the first try to replace one. */
  pauseMs?: number;
  tickMs?: number;
}

/** The place of one worker, and of those that come after it. */
interface Place {
  running: WorkerProcess | undefined;
  /** How many in a row did not serve for long. */
  failures: number;
}

/**
 * Starts workers and resolves once each listens.
 *
 * @throws Error when a worker ends before it has ever listened (a port that is taken, say)
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, report, pauseMs = RESTART_PAUSE_MS, tickMs = TICK_MS } = options;
  let stopping = false;
  let current = { version: 0, config: options.config };
  let lastVersion = 0;
  let gap: number | undefined;
  let fail = () => {};
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  const places = Array.from({ length: count }, (): Place => ({ running: undefined, failures: 0 }));

  const start = (place: Place): WorkerProcess => {
    place.running = startWorker({
      config: () => current,
      gap: () => gap,
      onHang: (message) => report('worker.hung', message),
      hasOthers: () => places.some((other) => other !== place && other.running?.isServing),
    });
    return place.running;
  };

  async function replaceAtEnd(place: Place, worker: WorkerProcess): Promise<void> {
    const how = await worker.ended;
    place.running = undefined;
    place.failures = worker.isSteady ? 0 : place.failures + 1;
    await replace(place, how);
  }

  async function replace(place: Place, how: string): Promise<void> {
    if (stopping) return;
    if (places.every(({ running, failures }) => !running?.isServing && failures >= MAX_FAILED_STARTS)) {
      report('worker.exited', `${how}; ${place.failures} in a row did not serve for long, and the process ends`);
      return fail();
    }
    report('worker.exited', `${how}, another one takes its place`);
    await sleep(Math.min(pauseMs * 2 ** place.failures, MAX_RESTART_PAUSE_MS));
    if (stopping) return;
    try {
      void replaceAtEnd(place, start(place));
    } catch (error) {
      // The system has no memory for another process.
      place.failures++;
      void replace(place, `a worker could not be started (${error})`);
    }
  }

  const ticking = setInterval(() => {
    for (const { running } of places) running?.tick();
  }, tickMs);

  const allRunning = () => places.flatMap((place) => place.running ?? []);

  async function close(signal: NodeJS.Signals): Promise<void> {
    stopping = true;
    clearInterval(ticking);
    const running = allRunning();
    const killAll = (each: NodeJS.Signals) => {
      for (const worker of running) worker.kill(each);
    };
    killAll(signal);
    const late = setTimeout(killAll, SHUTDOWN_MS, 'SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    clearTimeout(late);
  }

  async function startFirst(place: Place): Promise<void> {
    let worker = start(place);
    while (!(await worker.listening)) {
      const how = await worker.ended;
      // A signal to all processes of the service came before Node could be told that it ends nobody.
      if (worker.endedBy !== 'SIGHUP' || stopping) throw new Error(how);
      worker = start(place);
    }
    // Now, and not when all listen: it may end before.
    void replaceAtEnd(place, worker);
  }

  await Promise.all(places.map(startFirst)).catch(async (error: unknown) => {
    await close('SIGKILL');
    throw error;
  });
  return {
    failed,
    serving: () => places.flatMap(({ running }) => (running?.isServing ? running.worker : [])),
    replace(config) {
      lastVersion += 1;
      const candidate = { version: lastVersion, config };
      return replaceConfig({
        candidate,
        workers: allRunning,
        accept() {
          current = candidate;
        },
        report: (message) => report('worker.refused', message),
      });
    },
    setGap(since) {
      gap = since;
      for (const { worker } of allRunning()) tellWorker(worker, { gatepost: 'gap', since });
    },
    close: () => close('SIGTERM'),
  };
}
