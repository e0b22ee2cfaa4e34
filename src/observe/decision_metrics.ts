/** Counts decisions: in plain numbers when they are made, as Prometheus metrics when somebody asks for them. */
import { Counter, type Histogram, type Registry } from 'prom-client';
import type { DecisionEvent, Events } from './events.ts';

/** Seconds. A warm answer takes tens of microseconds, a provider up to ten seconds. */
const buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

interface Tally {
  labels: Record<'application' | 'dialect' | 'decision' | 'reason' | 'auth_method', string>;
  /** Since the metrics were last asked for. */
  count: number;
  timing: Timing;
}

interface Timing {
  /** Seconds in all. */
  sum: number;
  /** How many took as long as each bucket says and longer than the one before it; the last number: longer than all. */
  counts: number[];
}

/**
 * The library makes a text of the labels each time it counts and looks that up, twice for a decision: here it is done once
 * and by hand, and the library gets the sums.
 */
export function countDecisions(events: Events, registers: Registry[]): void {
  const tallies = new Map<string, Tally>();
  const timings = new Map<string, Timing>();
  registerTallies(tallies, registers);
  registerTimings(timings, registers);

  function tallyOf({ application = '', dialect, decision, reason: why, auth_method = '' }: DecisionEvent): Tally {
    const reason = why ?? '';
    const key = `${application} ${dialect} ${decision} ${reason} ${auth_method}`;
    const known = tallies.get(key);
    if (known) return known;
    const timing = timings.get(decision) ?? { sum: 0, counts: Array(buckets.length + 1).fill(0) };
    timings.set(decision, timing);
    const tally = { labels: { application, dialect, decision, reason, auth_method }, count: 0, timing };
    tallies.set(key, tally);
    return tally;
  }

  events.on('decision', (event) => {
    const tally = tallyOf(event);
    const seconds = event.duration_ms / 1000;
    let bucket = 0;
    while (bucket < buckets.length && seconds > buckets[bucket]!) bucket += 1;
    tally.count += 1;
    tally.timing.sum += seconds;
    tally.timing.counts[bucket]! += 1;
  });
}

function registerTallies(tallies: Map<string, Tally>, registers: Registry[]): void {
  new Counter({
    name: 'gatepost_decisions_total',
    help: 'Answered questions of proxies',
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

/** A histogram that is read from `timings`: the library's own can only be told of one value after the other. */
function registerTimings(timings: Map<string, Timing>, registers: Registry[]): void {
  const name = 'gatepost_decision_duration_seconds';
  const described = { name, help: 'Time from the question to its answer', type: 'histogram', aggregator: 'sum' };
  const values = () => [...timings].flatMap(([decision, timing]) => exported(name, decision, timing));
  // What a registry asks of a metric is its name and `get()`; the type knows only the library's own four.
  const metric = { ...described, get: async () => ({ ...described, values: values() }) } as unknown as Histogram;
  for (const registry of registers) registry.registerMetric(metric);
}

function exported(name: string, decision: string, { sum, counts }: Timing) {
  let count = 0;
  const cumulated = counts.map((own, at) => {
    count += own;
    return { metricName: `${name}_bucket`, labels: { le: buckets[at] ?? '+Inf', decision }, value: count };
  });
  return [
    ...cumulated,
    { metricName: `${name}_sum`, labels: { decision }, value: sum },
    { metricName: `${name}_count`, labels: { decision }, value: count },
  ];
}
