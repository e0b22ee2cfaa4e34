/** What `/metrics` shows after all has happened that is counted: each metric with its labels. */
import { createEvents } from '../../src/observe/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createOutpostMetrics } from '../../src/observe/outpost_metrics.ts';
import { countOutpostRequests } from '../../src/observe/outpost_requests.ts';
import { countReloads } from '../../src/observe/reload_metrics.ts';
import { createWorkerMetrics } from '../../src/server/worker_metrics.ts';
import { ask, basic, createVisitor, from, hostOf, OUTPOST, send, signedIn, startContract } from '../contract/setup.ts';

/** Names of labels by name of metric; those of a histogram with and without `_bucket`, `_sum` and `_count`. */
export type Metrics = Map<string, Set<string>>;

export function readMetrics(text: string): Metrics {
  const metrics: Metrics = new Map();
  for (const line of text.split('\n')) {
    const [, declared] = /^# TYPE (\S+)/.exec(line) ?? [];
    if (declared !== undefined) metrics.set(declared, metrics.get(declared) ?? new Set());
    const [, name, labels = ''] = /^([a-z_]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    for (const one of [name, name.replace(/_(bucket|sum|count)$/, '')]) {
      const known = metrics.get(one) ?? new Set();
      for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
      metrics.set(one, known);
    }
  }
  return metrics;
}

/** A running Gatepost, after a login, a refresh, a sign-out, a bearer token, wrong passwords and a provider that is away. */
export async function scrape(): Promise<{ metrics: Metrics; text: string }> {
  const site = await startContract();
  const clock = { shift: 0 };
  try {
    const { http, metrics } = await site.another('', { now: () => Date.now() + clock.shift });
    const { port } = http;
    const cookie = await signedIn(site, 'refresh', 'alice', port);
    // Its tokens live for five minutes.
    clock.shift = 160_000;
    await ask(port, 'traefik', `${hostOf('refresh')}/`, [cookie]);
    const visitor = createVisitor(site, port);
    await visitor.signIn(`${hostOf('grafana')}/`);
    await visitor.open(`${hostOf('grafana')}${OUTPOST}/sign_out`);
    await ask(port, 'traefik', `${hostOf('grafana')}/`, [basic('alice', 'app-alice')]);
    for (let guess = 0; guess < 12; guess += 1)
      await ask(port, 'nginx', `${hostOf('grafana')}/`, [basic('alice', `wrong-${guess}`), from('203.0.113.7')]);
    await send(port, '/auth/traefik');
    await send(port, '/-/health/ready');
    const read = async () => (await fetch(`http://127.0.0.1:${metrics?.port}/metrics`)).text();
    let text = await read();
    // The refresh runs in the background.
    for (let looks = 0; looks < 50 && !text.includes('gatepost_session_refreshes_total{'); looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      text = await read();
    }
    return { metrics: readMetrics(text), text };
  } finally {
    await site.close();
  }
}

/** Those that the command adds, which reads the file, the parent of `workers`, and outpost mode. */
export async function scrapeParent(): Promise<Metrics> {
  const events = createEvents();
  const own = createMetrics(events, () => 0);
  countReloads(events, own);
  const outpost = createOutpostMetrics(own, { uuid: 'u-1' });
  outpost.refreshed({ outpostName: 'edge', at: Date.now() });
  countOutpostRequests(events, [own], () => ({ outpost_name: 'edge', applications: [] }));
  events.emit('ping', { method: 'GET', host: undefined, duration_ms: 1 });
  return readMetrics(await createWorkerMetrics({ count: 2, serving: () => [], own }).metrics());
}
