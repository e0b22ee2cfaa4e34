/** Counts decisions: in plain numbers when they are made, as Prometheus metrics when these are read. */
import { Counter, type Registry } from 'prom-client';
import type { DecisionEvent, Events } from './events.ts';

/**
 * Upper limits of the histogram's buckets, in seconds. A warm response takes tens of microseconds, a provider up to ten
 * seconds.
 */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

interface Tally {
  labels: Record<'application' | 'dialect' | 'decision' | 'reason' | 'auth_method', string>;
  /** Since the metrics were last read. */
  count: number;
  timing: Timing;
}

interface Timing {
  sumSeconds: number;
  /**
   * For each bucket the decisions that took longer than the bucket before it allows; the last number: longer than all.
   */
  counts: number[];
}

/** What a registry needs of a metric; the library's own type knows only its own four kinds. */
interface PulledMetric {
  get(): Promise<unknown>;
}
interface MetricRegistry {
  registerMetric(metric: PulledMetric): void;
}

/**
 * The library makes a text of the labels each time it counts and looks that up, twice for a decision: here it is done
 * once and by hand, and the library gets the sums.
 */
export function countDecisions(events: Events, registers: Registry[]): void {
  const tallies = new Map<string, Tally>();
  const timings = new Map<string, Timing>();
  registerTallies(tallies, registers);
  for (const registry of registers) registerTimings(timings, registry);

  function tallyOf({ application = '', dialect, decision, reason: why, auth_method = '' }: DecisionEvent): Tally {
    const reason = why ?? '';
    const key = `${application} ${dialect} ${decision} ${reason} ${auth_method}`;
    const known = tallies.get(key);
    if (known) return known;
    const timing = timings.get(decision) ?? { sumSeconds: 0, counts: Array(BUCKETS.length + 1).fill(0) };
    timings.set(decision, timing);
    const tally = { labels: { application, dialect, decision, reason, auth_method }, count: 0, timing };
    tallies.set(key, tally);
    return tally;
  }

  events.on('decision', (event) => {
    const tally = tallyOf(event);
    const seconds = event.duration_ms / 1000;
    let bucket = 0;
    while (seconds > (BUCKETS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    const { timing } = tally;
    tally.count += 1;
    timing.sumSeconds += seconds;
    timing.counts[bucket] = (timing.counts[bucket] ?? 0) + 1;
  });
}

function registerTallies(tallies: Map<string, Tally>, registers: Registry[]): void {
  new Counter({
    name: 'gatepost_decisions_total',
    help: 'Responses to auth requests',
    labelNames: ['application', 'dialect', 'decision', 'reason', 'auth_method'],
    registers,
    collect() {
      for (const tally of tallies.values()) {
        this.inc(tally.labels, tally.count);
        tally.count = 0;
      }
    },
  });
}

/** A histogram that is read from `timings`: the library's own takes one value after the other. */
function registerTimings(timings: Map<string, Timing>, registry: MetricRegistry): void {
  const name = 'gatepost_decision_duration_seconds';
  const help = 'Time from the arrival of an auth request to the response';
  const description = { name, help, type: 'histogram', aggregator: 'sum' };
  const values = () => [...timings].flatMap(([decision, timing]) => valuesOf(name, decision, timing));
  const metric = { ...description, get: async () => ({ ...description, values: values() }) };
  registry.registerMetric(metric);
}

function valuesOf(name: string, decision: string, { sumSeconds, counts }: Timing) {
  let count = 0;
  const cumulated = counts.map((own, index) => {
    count += own;
    return { metricName: `${name}_bucket`, labels: { le: BUCKETS[index] ?? '+Inf', decision }, value: count };
  });
  return [
    ...cumulated,
    { metricName: `${name}_sum`, labels: { decision }, value: sumSeconds },
    { metricName: `${name}_count`, labels: { decision }, value: count },
  ];
}
