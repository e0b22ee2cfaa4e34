/** Prometheus metrics, on a listener of their own: who may ask Gatepost about requests need not see who uses what. */
import type { RequestListener } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../version.ts';
import type { DecisionEvent, Events, NoticeEvent, SigninEvent } from './events.ts';

/** Seconds. A warm answer takes tens of microseconds, a provider up to ten seconds. */
const buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Listens to `events` and keeps the counters. */
export function createMetrics(events: Events): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'gatepost_info', help: 'Version of this Gatepost', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  listenToDecisions(events, registers);
  const signins = new Counter({
    name: 'gatepost_signins_total',
    help: 'Answers of the sign-in endpoints',
    labelNames: ['application', 'endpoint', 'outcome', 'reason'],
    registers,
  });
  events.on('signin', ({ application = '', endpoint, outcome, reason }: SigninEvent) =>
    signins.inc({ application, endpoint, outcome, reason: reason ?? '' }),
  );
  const notices = new Counter({
    name: 'gatepost_notices_total',
    help: 'Events beside decisions: refreshes, faults of store and provider, refused headers',
    labelNames: ['what', 'level'],
    registers,
  });
  events.on('notice', ({ what, level }: NoticeEvent) => notices.inc({ what, level }));
  return registry;
}

/** Answers `/metrics` and nothing else. */
export function metricsListener(registry: { metrics(): Promise<string>; contentType: string }): RequestListener {
  return (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}

function listenToDecisions(events: Events, registers: Registry[]): void {
  const total = new Counter({
    name: 'gatepost_decisions_total',
    help: 'Answered questions of proxies',
    labelNames: ['application', 'dialect', 'decision', 'reason', 'means'],
    registers,
  });
  const seconds = new Histogram({
    name: 'gatepost_decision_seconds',
    help: 'Time from the question to its answer',
    labelNames: ['decision'],
    buckets,
    registers,
  });
  // The library looks a set of labels up by a text that it builds each time; we keep what it found.
  const known = new Map<string, Counter.Internal>();
  const timers = new Map<string, Histogram.Internal<'decision'>>();
  events.on('decision', ({ application = '', dialect, decision, reason: why, means = '', ms }: DecisionEvent) => {
    const reason = why ?? '';
    const key = `${application} ${dialect} ${decision} ${reason} ${means}`;
    const counter = known.get(key) ?? total.labels({ application, dialect, decision, reason, means });
    known.set(key, counter);
    counter.inc();
    const timer = timers.get(decision) ?? seconds.labels({ decision });
    timers.set(decision, timer);
    timer.observe(ms / 1000);
  });
}
