/** `workers`: several processes on one port, under one parent that serves the metrics of all. */
import { AggregatorRegistry } from 'prom-client';
import type { Config } from '../config/schema/config.ts';
import { createEvents } from '../observe/events.ts';
import { createLog } from '../observe/log.ts';
import { metricsListener } from '../observe/metrics.ts';
import { drain, listenIfFree } from './listen.ts';
import type { Running } from './server.ts';
import { startWorkers, type Workers } from './workers.ts';

/**
 * The parent: resolves once each of `count` workers listens.
 *
 * @throws Error when a worker ends before it has ever listened (a port that is taken, say)
 */
export async function superviseWorkers(config: Config, count: number): Promise<Workers> {
  const events = createEvents();
  const log = createLog(config.log, events);
  const report = (message: string) => events.emit('log', { level: 'error', event: 'worker.exited', message });
  const workers = await startWorkers(count, report);
  const metrics = await listenIfFree(config.listen.metrics, metricsListener(allMetrics()), events);
  return {
    failed: workers.failed,
    async close() {
      await Promise.all([workers.close(), drain(metrics)]);
      log.flush();
    },
  };
}

/** A worker: serves as a single process would, and leaves `/metrics` to the parent. */
export async function serveAsWorker(config: Config): Promise<Running> {
  const { serve } = await import('./server.ts');
  const running = await serve({ ...config, listen: { ...config.listen, metrics: false } });
  // Only with an instance does a worker send its metrics to the parent.
  new AggregatorRegistry();
  AggregatorRegistry.setRegistries([running.registry]);
  return running;
}

function allMetrics() {
  const all = new AggregatorRegistry();
  return { metrics: () => all.clusterMetrics(), contentType: all.contentType };
}
