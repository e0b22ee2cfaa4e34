/** `gatepost serve`: runs the server until a signal ends it. */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** A connection to a provider that hangs holds the event loop no longer than this after the end. */
const EXIT_GRACE_MS = 100;

interface Server {
  close(): Promise<void>;
  /** Resolves where the server cannot go on. */
  failed?: Promise<void>;
}

/**
 * Resolves after a signal, or a failure, when all running requests are finished. A second signal ends the process at
 * once.
 */
export async function serveCommand(file: string, { env }: Io): Promise<number> {
  const config = await loadConfig(file, { env });
  const server = await start(config);
  const code = await new Promise<number>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve(EXIT_OK));
    server.failed?.then(() => resolve(EXIT_FAILED));
  });
  for (const signal of SIGNALS) process.on(signal, () => process.exit(EXIT_FAILED));
  await server.close();
  setTimeout(() => process.exit(code), EXIT_GRACE_MS).unref();
  return code;
}

/** This process alone, a parent of `workers` processes, or one of those. Each loads only the modules that it needs. */
async function start(config: Config): Promise<Server> {
  if (cluster.isWorker) return (await import('../server/cluster.ts')).serveAsWorker(config);
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (workers > 1) return (await import('../server/cluster.ts')).superviseWorkers(config, workers);
  return (await import('../server/server.ts')).serve(config);
}
