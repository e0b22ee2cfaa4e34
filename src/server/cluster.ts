/** `workers`: several processes on one port, under one parent that holds the configuration and serves the metrics of all. */
import cluster from 'node:cluster';
import type { Config } from '../config/schema/config.ts';
import { createEvents } from '../observe/events.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { listenForMetrics } from './listen.ts';
import { createWorkerMetrics } from './worker_metrics.ts';
import { startWorkers, type Workers } from './workers.ts';

/**
 * The parent: resolves once each of `count` workers listens. All that ever start get this configuration.
 *
 * @throws Error when a worker ends before it has ever listened (a port that is taken, say)
 */
export async function superviseWorkers(config: Config, count: number): Promise<Pick<Workers, 'failed' | 'close'>> {
  const events = createEvents();
  const log = createLog(config.log, events);
  const own = createMetrics(events, log.droppedLines);
  // Plain data, as the configuration is: JSON would lose what is `undefined`.
  cluster.setupPrimary({ serialization: 'advanced' });
  const workers = await startWorkers({
    count,
    config: () => config,
    report: (event, message) => events.emit('log', { level: 'error', event, message }),
  });
  const all = createWorkerMetrics({ count, serving: workers.serving, own });
  const metrics = await listenForMetrics(config.listen.metrics, metricsListener(all), events);
  return {
    failed: workers.failed,
    async close() {
      await Promise.all([workers.close(), metrics?.drain()]);
      log.flush();
    },
  };
}
