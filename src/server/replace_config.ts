/** Another configuration for all workers, or for none: all compile it first, and then all serve with it. */
import type { VersionedConfig } from './messages.ts';
import type { WorkerProcess } from './worker_process.ts';

export interface ReplaceOptions {
  candidate: VersionedConfig;
  /** Those that run now. */
  workers: () => WorkerProcess[];
  /** All can serve with it: workers that ask from now on get it. */
  accept: () => void;
  /** Takes a sentence about a worker that came in between and cannot serve with it. */
  report: (message: string) => void;
}

/**
 * Resolves when no worker answers by the configuration before any more.
 * @throws Error where a worker cannot compile it: the one before goes on in all
 */
export async function replaceConfig({ candidate, workers, accept, report }: ReplaceOptions): Promise<void> {
  const { version } = candidate;
  // One that has not asked yet will get what is accepted then.
  const asked = new Set(workers().filter((worker) => worker.version !== undefined));
  const problems = await Promise.all([...asked].map((worker) => worker.prepare(candidate)));
  const problem = problems.find((one) => one !== undefined);
  if (problem !== undefined) {
    for (const worker of asked) worker.abort(version);
    throw new Error(problem);
  }
  accept();

  async function bringUp(worker: WorkerProcess): Promise<void> {
    if (worker.version === undefined || worker.version === version) return;
    // It has asked while the others compiled.
    const late = asked.has(worker) ? undefined : await worker.prepare(candidate);
    if (late === undefined) return worker.commit(version);
    report(`${late}; a worker that started meanwhile is ended`);
    worker.kill('SIGTERM');
    await worker.ended;
  }
  await Promise.all(workers().map(bringUp));
}
