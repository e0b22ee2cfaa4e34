/** A histogram that is kept in plain numbers, and becomes a Prometheus metric when it is read. */

/** What a registry needs of a metric; the library's own type knows only its own four kinds. */
interface PulledMetric {
  get(): Promise<unknown>;
}
export interface MetricRegistry {
  registerMetric(metric: PulledMetric): void;
}

export interface Timing {
  sumSeconds: number;
  /**
   * For each bucket the times that were longer than the bucket before it allows; the last number: longer than all.
   */
  counts: number[];
}

export type Labels = Readonly<Record<string, string>>;

export interface Histogram {
  /** The timing of these label values; looked up once and kept by the caller. */
  timingOf(labels: Labels): Timing;
  add(timing: Timing, seconds: number): void;
  /** Shows the timings of these labels no more. */
  remove(isGone: (labels: Labels) => boolean): void;
}

/**
 * The library's own histogram makes a text of the labels each time and looks that up.
 * @param buckets upper limits in seconds, in order
 */
export function createHistogram(
  { name, help, buckets }: { name: string; help: string; buckets: readonly number[] },
  registers: readonly MetricRegistry[],
): Histogram {
  const timings = new Map<string, { labels: Labels; timing: Timing }>();
  const description = { name, help, type: 'histogram', aggregator: 'sum' };

  function valuesOf({ labels, timing: { sumSeconds, counts } }: { labels: Labels; timing: Timing }) {
    let count = 0;
    const cumulated = counts.map((own, index) => {
      count += own;
      return { metricName: `${name}_bucket`, labels: { le: buckets[index] ?? '+Inf', ...labels }, value: count };
    });
    return [
      ...cumulated,
      { metricName: `${name}_sum`, labels, value: sumSeconds },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
  const values = () => [...timings.values()].flatMap(valuesOf);
  const metric = { ...description, get: async () => ({ ...description, values: values() }) };
  for (const registry of registers) registry.registerMetric(metric);

  return {
    timingOf(labels) {
      const key = JSON.stringify(labels);
      const known = timings.get(key) ?? {
        labels,
        timing: { sumSeconds: 0, counts: Array(buckets.length + 1).fill(0) },
      };
      timings.set(key, known);
      return known.timing;
    },
    add(timing, seconds) {
      let bucket = 0;
      while (seconds > (buckets[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
      timing.sumSeconds += seconds;
      timing.counts[bucket] = (timing.counts[bucket] ?? 0) + 1;
    },
    remove(isGone) {
      for (const [key, { labels }] of timings) if (isGone(labels)) timings.delete(key);
    },
  };
}
