/** The server: two listeners around a snapshot of the configuration, and an end that cuts no request off. */
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { createApp } from '../app.ts';
import { assemble } from '../assemble.ts';
import { configWarnings } from '../config/checks/warnings.ts';
import type { Config } from '../config/schema/config.ts';
import { createEvents, type Events } from '../observe/events.ts';
import { createHealth } from '../observe/health.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { openStore } from '../stores/open.ts';
import { drain, listen, listenIfFree } from './listen.ts';
import { prefetchDiscovery } from './prefetch_discovery.ts';

export interface Running {
  /** Where `listen.http` and `listen.metrics` ended up (a port 0 has become a real one). */
  http: AddressInfo;
  metrics: AddressInfo | undefined;
  /** What `/metrics` shows. */
  registry: Registry;
  /** Stops accepting, lets finish what runs (at most 4 s), and closes the store. */
  close(): Promise<void>;
}

/** Milliseconds that refreshes are given at the end, after requests had theirs. */
const REFRESH_GRACE_MS = 700;

export interface ServeOptions {
  events?: Events;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Starts Gatepost. A store or a provider that is unavailable does not stop it: those requests get a 503 until it is back. */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Running> {
  const { events = createEvents(), now = Date.now } = options;
  const log = createLog(config.log, events);
  const registry = createMetrics(events, log.droppedLines);
  const store = openStore(config.store, now, events);
  const services = { store, events, now };
  const snapshot = assemble(config, services);
  for (const message of configWarnings(config)) events.emit('log', { level: 'warn', event: 'config.warning', message });
  const health = createHealth(() => store.ping());
  const http = await listen(config.listen.http, createApp({ ...snapshot, health, events }));
  const metrics = await listenIfFree(config.listen.metrics, metricsListener(registry), events);
  const address = http.address() as AddressInfo;
  const message = `gatepost listens on ${config.listen.http.replace(/:0$/, `:${address.port}`)}`;
  events.emit('log', { level: 'info', event: 'server.listening', message });
  const stop = new AbortController();
  void prefetchDiscovery(config.applications, snapshot.provider, stop.signal);
  return {
    http: address,
    metrics: metrics?.address() as AddressInfo | undefined,
    registry,
    async close() {
      stop.abort();
      health.drain();
      await Promise.all([drain(http), drain(metrics)]);
      // A refresh under way would lose its token; a store or provider that hangs must not hold the process up.
      const enough = new AbortController();
      const late = sleep(REFRESH_GRACE_MS, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([snapshot.sessions.idle(), late]);
      enough.abort();
      await store.close();
      // The last decisions are logged at the end of their tick.
      await nextTick();
      log.flush();
    },
  };
}
