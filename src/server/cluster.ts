/** `workers`: as many processes on one port as the machine has cores for, under one parent that replaces the dead. */
import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import type { Config } from '../config/schema/config.ts';
import { createEvents } from '../observe/events.ts';
import { createLog } from '../observe/log.ts';
import { metricsListener } from '../observe/metrics.ts';
import { drain, listenIfFree } from './listen.ts';
import type { Running } from './server.ts';

/** Milliseconds between the death of a worker and the next one: a worker that dies at once must not fork the machine to death. */
const RESTART_PAUSE_MS = 500;
/** Milliseconds that workers are given to end before they are killed. */
const SHUTDOWN_MS = 4800;

/**
 * The parent: forks `count` workers, answers `/metrics` for all of them, and resolves once every one listens.
 * Rejects when a worker ends before it has ever listened (a port that is taken, say).
 */
export async function superviseWorkers(config: Config, count: number): Promise<{ close(): Promise<void> }> {
  const events = createEvents();
  const log = createLog(config.log, events);
  let stopping = false;
  const replace = async (worker: Worker, code: number | null, signal: string | null) => {
    if (stopping || !worker.hasListened) return;
    const message = `worker ${worker.id} ended (${signal ?? code}), another one takes its place`;
    events.emit('log', { level: 'error', event: 'worker.exited', message });
    await sleep(RESTART_PAUSE_MS);
    if (!stopping) fork();
  };
  cluster.on('listening', (worker) => {
    worker.hasListened = true;
  });
  cluster.on('exit', replace);
  const workers = Array.from({ length: count }, fork);
  await Promise.all(workers.map(listening)).catch((error) => {
    stopping = true;
    killAll('SIGKILL');
    throw error;
  });
  const metrics = await listenIfFree(config.listen.metrics, metricsListener(allMetrics()), events);
  return {
    async close() {
      stopping = true;
      const ended = Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && exited(worker)));
      killAll('SIGTERM');
      const late = setTimeout(() => killAll('SIGKILL'), SHUTDOWN_MS);
      await Promise.all([ended, drain(metrics)]);
      clearTimeout(late);
      log.flush();
    },
  };
}

/** A worker: serves as a single process would, and leaves `/metrics` to the parent, which asks it. */
export async function serveAsWorker(config: Config): Promise<Running> {
  const { serve } = await import('./server.ts');
  const running = await serve({ ...config, listen: { ...config.listen, metrics: false } });
  // Only the instance makes a worker answer the parent's questions.
  new AggregatorRegistry();
  AggregatorRegistry.setRegistries([running.registry]);
  return running;
}

declare module 'node:cluster' {
  interface Worker {
    hasListened?: boolean;
  }
}

function fork(): Worker {
  return cluster.fork();
}

function listening(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('listening', () => resolve());
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it could listen`)));
  });
}

function exited(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

function killAll(signal: NodeJS.Signals): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
}

function allMetrics() {
  const all = new AggregatorRegistry();
  return { metrics: () => all.clusterMetrics(), contentType: all.contentType };
}
