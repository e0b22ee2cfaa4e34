/**
 * Prometheus metrics, on a listener of their own: a proxy that sends auth requests need not see which applications are
 * used.
 */
import type { RequestListener } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { endpointPath } from '../endpoints.ts';
import { version } from '../version.ts';
import { countCalls, observeStoreState } from './call_metrics.ts';
import { countDecisions } from './decision_metrics.ts';
import type { Events, LogEvent, SigninEvent } from './events.ts';
import { countSessions } from './session_metrics.ts';

/**
 * Listens to `events` and keeps the counters.
 * @param droppedLines log lines that were lost since the start
 * @param storeReady resolves while the store can be read and written; a process without a store has none
 */
export function createMetrics(events: Events, droppedLines: () => number, storeReady?: () => Promise<void>): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const info = { name: 'gatepost_info', help: 'Version of this Gatepost', labelNames: ['version'], registers };
  // Of several workers it is still 1.
  new Gauge({ ...info, aggregator: 'first' }).set({ version }, 1);
  countDecisions(events, registers);
  countCalls(events, registers);
  countSessions(events, registers);
  if (storeReady) observeStoreState(storeReady, registers);
  const signins = new Counter({
    name: 'gatepost_signins_total',
    help: 'Responses of the sign-in endpoints',
    labelNames: ['application', 'endpoint', 'outcome', 'reason'],
    registers,
  });
  events.on('signin', ({ application = '', endpoint, outcome, reason }: SigninEvent) =>
    signins.inc({ application, endpoint, outcome, reason: reason ?? '' }),
  );
  const logEvents = new Counter({
    name: 'gatepost_events_total',
    help: 'Log events other than decisions and sign-ins: refreshes, outages, refused headers',
    labelNames: ['event', 'level'],
    registers,
  });
  events.on('log', ({ event, level }: LogEvent) => logEvents.inc({ event, level }));
  countDroppedLines(droppedLines, registers);
  return registry;
}

function countDroppedLines(droppedLines: () => number, registers: Registry[]): void {
  let counted = 0;
  new Counter({
    name: 'gatepost_log_lines_dropped_total',
    help: 'Log lines that were lost because no reader took them in time',
    registers,
    collect() {
      const total = droppedLines();
      this.inc(total - counted);
      counted = total;
    },
  });
}

const PING = endpointPath('ping');

/** Responds on `/metrics`, on authentik's path for health checks, and on no other. */
export function metricsListener(registry: { metrics(): Promise<string>; contentType: string }): RequestListener {
  return (request, response) => {
    if (request.url === PING) return void response.writeHead(204).end();
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
