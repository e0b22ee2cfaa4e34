/** One of several worker processes: serves as a single process would, with the configuration that its parent holds. */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Registry } from 'prom-client';
import { freeze } from '../config/freeze.ts';
import type { Config } from '../config/schema/config.ts';
import { messageOf } from '../errors.ts';
import { type FromParent, onParentMessage, tellParent, type VersionedConfig } from './messages.ts';
import type { Server } from './server.ts';
import type { Prepared } from './snapshots.ts';
import type { WorkerInfo } from './start_report.ts';

/** Milliseconds between two signs of life to the parent. */
const SIGN_OF_LIFE_MS = 1000;

/** Reads neither the file nor the environment: both may have changed since the parent has. */
export async function serveAsWorker(): Promise<Server> {
  let running: Server | undefined;
  let gap: number | undefined;
  let begin = (_: Config) => {};
  const first = new Promise<Config>((resolve) => {
    begin = resolve;
  });
  let started = (_: Server) => {};
  const takeOver = followParent(
    new Promise<Server>((resolve) => {
      started = resolve;
    }),
  );
  onParentMessage((message) => {
    if (message.gatepost === 'config') {
      gap = message.gap;
      begin(freeze(message.config));
    } else if (message.gatepost === 'gap') {
      gap = message.since;
      running?.setGap(message.since);
    } else if (message.gatepost === 'wants_metrics') void sendMetrics(message.scrape, running?.registry);
    else takeOver(message);
  });
  tellParent({ gatepost: 'wants_config' });
  const config = await first;
  setInterval(() => tellParent({ gatepost: 'alive' }), SIGN_OF_LIFE_MS).unref();
  const { startServer } = await import('./server.ts');
  // The parent has the metrics of all.
  const server = await startServer(
    { ...config, listen: { ...config.listen, metrics: false } },
    { worker: infoOf(config) },
  );
  running = server;
  if (gap !== undefined) server.setGap(gap);
  started(server);
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

type Step = Extract<FromParent, { gatepost: 'prepare' | 'commit' | 'abort' }>;

/** Takes another configuration in two steps, so that all workers take it or none does. One step after the other. */
function followParent(server: Promise<Server>): (step: Step) => void {
  let prepared: { version: number; it: Prepared } | undefined;

  async function prepare({ version, config }: VersionedConfig): Promise<void> {
    let problem: string | undefined;
    prepared?.it.abort();
    prepared = undefined;
    try {
      prepared = { version, it: (await server).prepare(freeze(config)) };
    } catch (error) {
      problem = messageOf(error);
    }
    tellParent({ gatepost: 'prepared', version, problem });
  }

  function end({ gatepost, version }: Exclude<Step, VersionedConfig>): void {
    if (prepared?.version !== version) return;
    if (gatepost === 'commit') {
      prepared.it.commit();
      tellParent({ gatepost: 'serves', version });
    } else {
      prepared.it.abort();
    }
    prepared = undefined;
  }

  let last = Promise.resolve();
  return (step) => {
    last = last.then(() => (step.gatepost === 'prepare' ? prepare(step) : end(step)));
  };
}
