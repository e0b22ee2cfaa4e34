/** The metrics of all processes: what the workers say, and what those have counted that cannot say it any more. */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, Counter, Gauge, type Registry } from 'prom-client';
import { type MetricValues, onWorkerMessage, tellWorker } from './messages.ts';

/** Milliseconds that workers are given to answer; a scrape of Prometheus has ten seconds. */
const ANSWER_MS = 2000;

export interface WorkerMetricsOptions {
  /** The configured number of workers. */
  count: number;
  serving: () => Worker[];
  /** What the parent itself counts. */
  own: Registry;
  answerMs?: number;
}

/** For `metricsListener`. A worker that hangs is left out, and never waited for longer than two seconds. */
export function createWorkerMetrics({ count, serving, own, answerMs = ANSWER_MS }: WorkerMetricsOptions) {
  const { responding, exits } = describeWorkers(own, count);
  /** What each worker said last. */
  const known = new Map<number, MetricValues>();
  /** The counters of workers that have ended: a sum that falls would look like a restart of all. */
  let retired: MetricValues = [];
  let retiring = Promise.resolve();
  const scrapes = new Map<number, (worker: Worker) => void>();
  let lastScrape = 0;

  cluster.on('fork', (worker) => listenTo(worker));
  for (const worker of Object.values(cluster.workers ?? {})) if (worker) listenTo(worker);

  function listenTo(worker: Worker): void {
    onWorkerMessage(worker, (message) => {
      if (message.gatepost !== 'metrics' || worker.isDead()) return;
      known.set(worker.id, message.values);
      scrapes.get(message.scrape)?.(worker);
    });
    worker.once('exit', () => {
      exits.inc();
      retiring = retiring.then(() => retire(worker.id));
    });
  }

  async function retire(id: number): Promise<void> {
    const values = known.get(id);
    if (values) retired = await sum([retired, counters(values)]).getMetricsAsJSON();
    known.delete(id);
  }

  /** The workers that answer in time. */
  async function ask(): Promise<Set<number>> {
    const scrape = ++lastScrape;
    const asked = new Set(serving());
    const answered = new Set<number>();
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, answerMs);
      const check = () => {
        if (answered.size < asked.size) return;
        clearTimeout(late);
        resolve();
      };
      scrapes.set(scrape, ({ id }) => {
        answered.add(id);
        check();
      });
      for (const worker of asked) tellWorker(worker, { gatepost: 'wants_metrics', scrape });
      check();
    });
    scrapes.delete(scrape);
    return answered;
  }

  return {
    contentType: own.contentType,
    async metrics(): Promise<string> {
      const answered = await ask();
      responding.set(answered.size);
      const parent = await own.getMetricsAsJSON();
      const told = [...known].map(([id, values]) => (answered.has(id) ? values : counters(values)));
      return sum([parent, ...told, retired]).metrics();
    },
  };
}

function describeWorkers(own: Registry, count: number) {
  const registers = [own];
  const configured = { name: 'gatepost_workers_configured', help: 'Worker processes that there should be', registers };
  new Gauge(configured).set(count);
  const responding = new Gauge({
    name: 'gatepost_workers_responding',
    help: 'Worker processes that answered this scrape',
    registers,
  });
  const exits = new Counter({
    name: 'gatepost_worker_exits_total',
    help: 'Worker processes that have ended, each of which was replaced',
    registers,
  });
  return { responding, exits };
}

const sum = (all: MetricValues[]): Registry => AggregatorRegistry.aggregate(all);

/** What only grows. */
const counters = (values: MetricValues): MetricValues =>
  values.filter(({ type }) => String(type) === 'counter' || String(type) === 'histogram');
