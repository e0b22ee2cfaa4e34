/** One of several worker processes: serves as a single process would, with the configuration that its parent holds. */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Registry } from 'prom-client';
import { freeze } from '../config/freeze.ts';
import type { Config } from '../config/schema/config.ts';
import { onParentMessage, tellParent } from './messages.ts';
import type { Server } from './server.ts';
import type { WorkerInfo } from './start_report.ts';

/** Milliseconds between two signs of life to the parent. */
const SIGN_OF_LIFE_MS = 1000;

/** Reads neither the file nor the environment: both may have changed since the parent has. */
export async function serveAsWorker(): Promise<Server> {
  let registry: Registry | undefined;
  const config = await new Promise<Config>((resolve) => {
    onParentMessage((message) => {
      if (message.gatepost === 'config') resolve(freeze(message.config));
      else void sendMetrics(message.scrape, registry);
    });
    tellParent({ gatepost: 'wants_config' });
  });
  setInterval(() => tellParent({ gatepost: 'alive' }), SIGN_OF_LIFE_MS).unref();
  const { startServer } = await import('./server.ts');
  // The parent has the metrics of all.
  const server = await startServer(
    { ...config, listen: { ...config.listen, metrics: false } },
    { worker: infoOf(config) },
  );
  registry = server.registry;
  return server;
}

/** The first worker says at the start what all of them serve; those that take a place later say nothing. */
function infoOf({ workers, listen }: Config): WorkerInfo {
  const count = workers === 'auto' ? availableParallelism() : workers;
  return { count, metrics: listen.metrics, speaks: cluster.worker?.id === 1 };
}

async function sendMetrics(scrape: number, registry: Registry | undefined): Promise<void> {
  if (registry) tellParent({ gatepost: 'metrics', scrape, values: await registry.getMetricsAsJSON() });
}
