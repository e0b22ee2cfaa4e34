/** `gatepost serve`: answers until it is told to end. */
import cluster from 'node:cluster';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import type { Io } from './io.ts';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with 0 after a signal, when all that ran is finished. A second signal ends the process at once. */
export async function serveCommand(file: string, { env }: Io): Promise<number> {
  const config = await loadConfig(file, { env });
  const server = await start(config);
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) process.on(signal, () => process.exit(1));
  await server.close();
  // Whatever still holds on to the event loop (a connection to a provider that hangs) is not waited for.
  setTimeout(() => process.exit(0), 100).unref();
  return 0;
}

/** This process alone, a parent of `workers` processes, or one of those. Rooms are loaded only by who works in them. */
async function start(config: Config): Promise<{ close(): Promise<void> }> {
  if (cluster.isWorker) return (await import('../server/cluster.ts')).serveAsWorker(config);
  if (config.workers > 1) return (await import('../server/cluster.ts')).superviseWorkers(config, config.workers);
  return (await import('../server/server.ts')).serve(config);
}
