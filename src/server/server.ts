/** The server: two listeners around a snapshot of the configuration, and an end that cuts no request off. */
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { createApp } from '../app.ts';
import type { Snapshot } from '../assemble.ts';
import { configWarnings } from '../config/checks/warnings.ts';
import type { Config } from '../config/schema/config.ts';
import { createEvents, type Events } from '../observe/events.ts';
import { createHealth } from '../observe/health.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { createEndings } from '../sessions/endings.ts';
import { openStore } from '../stores/open.ts';
import { DRAIN_MS, drain, listen, listenIfFree } from './listen.ts';
import { prefetchDiscovery } from './prefetch_discovery.ts';
import { createSnapshots } from './snapshots.ts';

export interface Running {
  /** The addresses behind `listen.http` and `listen.metrics`: a port 0 has become a real one. */
  http: AddressInfo;
  metrics: AddressInfo | undefined;
  /** What `/metrics` shows. */
  registry: Registry;
  /** Stops accepting, waits for running requests (at most 4 s), and closes the store. */
  close(): Promise<void>;
}

/** Refreshes are given so long at the end, after the time that requests have. */
const REFRESH_GRACE_MS = 700;

export interface ServeOptions {
  events?: Events;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed?: () => number;
}

/** A server whose configuration can be replaced while it runs. */
export interface Server extends Running {
  /**
   * Requests that arrive from now on see `config`; those under way end with the configuration that they began with.
   * `listen`, `store`, `redis`, `workers` and `log` stay as they were at the start.
   */
  swap(config: Config): void;
}

/**
 * Starts Gatepost. A store or a provider that is unavailable does not stop it: those requests get a 503 until it is
 * back.
 */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Running> {
  return startServer(config, options);
}

/** As `serve`, for a program that loads its configuration again. */
export async function startServer(config: Config, options: ServeOptions = {}): Promise<Server> {
  const { events = createEvents(), now = Date.now, elapsed = () => performance.now() } = options;
  const log = createLog(config.log, events);
  const registry = createMetrics(events, log.droppedLines);
  const store = openStore(config.store, now, events, config.redis);
  const health = createHealth(() => store.ping());
  const services = { store, endings: createEndings(store), events, now, elapsed };
  const snapshots = createSnapshots(config, services, (snapshot) => createApp({ ...snapshot, health, events }));
  warn(config, events);
  const http = await listen(config.listen.http, snapshots.listener);
  const metrics = await listenIfFree(config.listen.metrics, metricsListener(registry), events);
  const address = addressOf(http);
  const message = `gatepost listens on ${config.listen.http.replace(/:0$/, `:${address.port}`)}`;
  events.emit('log', { level: 'info', event: 'server.listening', message });
  let stopPrefetch = prefetch(snapshots.current());
  return {
    http: address,
    metrics: metrics && addressOf(metrics),
    registry,
    swap(next) {
      snapshots.swap(next);
      warn(next, events);
      stopPrefetch.abort();
      stopPrefetch = prefetch(snapshots.current());
    },
    async close() {
      stopPrefetch.abort();
      health.drain();
      const stopsAt = performance.now() + DRAIN_MS + REFRESH_GRACE_MS;
      await Promise.all([drain(http), drain(metrics)]);
      // A refresh under way would lose its token; a store or provider that hangs must not hold the process up.
      const enough = new AbortController();
      const late = sleep(stopsAt - performance.now(), undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([snapshots.idle(), late]);
      enough.abort();
      await store.close();
      // The last decisions are logged at the end of their tick.
      await nextTick();
      log.flush();
    },
  };
}

function prefetch({ config, provider }: Snapshot): AbortController {
  const stop = new AbortController();
  void prefetchDiscovery(config.applications, provider, stop.signal);
  return stop;
}

function warn(config: Config, events: Events): void {
  for (const message of configWarnings(config)) events.emit('log', { level: 'warn', event: 'config.warning', message });
}

/** Of a server that listens on TCP, as these do. */
function addressOf(server: HttpServer): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return address;
}
