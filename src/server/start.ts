/** Starts what serves a configuration: this process alone, or a parent of `workers` processes. */
import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema/config.ts';
import type { SupervisorOptions } from './cluster.ts';
import type { Reloadable } from './reloader.ts';
import { startServer } from './server.ts';

export interface Serving extends Reloadable {
  /** Up to when session ends at authentik may have been missed (milliseconds since the epoch). */
  setGap(since: number): void;
  close(): Promise<void>;
  /** Resolves where it cannot go on. */
  readonly failed?: Promise<void> | undefined;
  /** After `close`: whether a part of it did not end. */
  readonly hangs?: boolean | undefined;
}

/** @throws Error where it cannot listen */
export async function startServing(config: Config, options: SupervisorOptions = {}): Promise<Serving> {
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (workers > 1) return (await import('./cluster.ts')).superviseWorkers(config, workers, options);
  const server = await startServer(config, options);
  return Object.assign(server, { replace: async (next: Config) => server.swap(next) });
}
