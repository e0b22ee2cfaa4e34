/** `workers`: several processes on one port, under one parent that holds the configuration and serves the metrics of all. */
import cluster from 'node:cluster';
import type { Config } from '../config/schema/config.ts';
import { createEvents } from '../observe/events.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { listenForMetrics } from './listen.ts';
import type { Reloadable } from './reloader.ts';
import type { ServeOptions } from './server.ts';
import { createWorkerMetrics } from './worker_metrics.ts';
import { startWorkers, type Workers } from './workers.ts';

export interface Supervisor extends Reloadable, Pick<Workers, 'failed' | 'close' | 'setGap'> {}

/** `store`: one that the parent itself uses. */
export type SupervisorOptions = Pick<ServeOptions, 'events' | 'store' | 'onDrained'>;

/**
 * The parent: resolves once each of `count` workers listens. All that ever start get the same configuration.
 *
 * @throws Error when a worker ends before it has ever listened (a port that is taken, say)
 */
export async function superviseWorkers(
  config: Config,
  count: number,
  { events = createEvents(), store, onDrained }: SupervisorOptions = {},
): Promise<Supervisor> {
  const log = createLog(config.log, events);
  const own = createMetrics(events, log.droppedLines);
  // Plain data, as the configuration is: JSON would lose what is `undefined`.
  cluster.setupPrimary({ serialization: 'advanced' });
  const workers = await startWorkers({
    count,
    config,
    report: (event, message) => events.emit('log', { level: 'error', event, message }),
  });
  const all = createWorkerMetrics({ count, serving: workers.serving, own });
  const metrics = await listenForMetrics(config.listen.metrics, metricsListener(all), events);
  return {
    events,
    registry: own,
    failed: workers.failed,
    setGap: workers.setGap,
    async replace(next) {
      await workers.replace(next);
      log.setLevel(next.log.level);
    },
    async close() {
      await Promise.all([workers.close(), metrics?.drain()]);
      await onDrained?.();
      await store?.close();
      log.flush();
    },
  };
}
