/** The server: two listeners around a snapshot of the configuration, and an end that cuts no request off. */
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTick } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { createApp } from '../app.ts';
import type { Snapshot } from '../assemble.ts';
import { orAfter } from '../async/deadline.ts';
import { fewWarnings } from '../config/checks/warnings.ts';
import type { Config } from '../config/schema/config.ts';
import { createEvents, type Events } from '../observe/events.ts';
import { createHealth } from '../observe/health.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { countOutpostRequests } from '../observe/outpost_requests.ts';
import { createServices } from '../services.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';
import { DRAIN_MS } from './drain.ts';
import { listen, listenForMetrics } from './listen.ts';
import { prefetchDiscovery } from './prefetch_discovery.ts';
import { createSnapshots, type Prepared } from './snapshots.ts';
import { createStartReport, type WorkerInfo } from './start_report.ts';

export interface Running {
  /** The first addresses behind `listen.http` and `listen.metrics`: a port 0 has become a real one. */
  http: AddressInfo;
  metrics: AddressInfo | undefined;
  /** What `/metrics` shows. */
  registry: Registry;
  /** Stops accepting, waits for running requests (at most 4 s), and closes the store. */
  close(): Promise<void>;
}

/** Refreshes are given so long at the end, after the time that requests have. */
const REFRESH_GRACE_MS = 700;
/** The store is given so long to close, after that. */
const STORE_CLOSE_MS = 100;

export interface ServeOptions {
  events?: Events;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed?: () => number;
  /** Of one of several workers. */
  worker?: WorkerInfo;
  /** The store, where it is open already; by default the one that the configuration names. `close` closes it. */
  store?: Store;
  /** Called when no request runs any more, while the store is still open. */
  onDrained?: () => Promise<void>;
}

/** A server whose configuration can be replaced while it runs. */
export interface Server extends Running {
  readonly events: Events;
  /**
   * Compiles another configuration. After its `commit` requests that arrive see it; those under way end with the one that
   * they began with. `listen`, `store`, `redis`, `workers` and `log.format` stay as they were at the start.
   * @throws Error where it cannot be compiled; the one before goes on then
   */
  prepare(config: Config): Prepared;
  /** As `prepare`, and its `commit` at once. */
  swap(config: Config): void;
  /** Sessions of authentik that were last known to live before this time (milliseconds since the epoch) are asked about. */
  setGap(since: number): void;
  /** Whether the store had not closed when `close` was over: a native thread of it may hold the process. */
  readonly hangs: boolean;
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
  const { worker } = options;
  const log = createLog(config.log, events);
  const report = createStartReport(events);
  const store = options.store ?? openStore(config.store, { now, elapsed }, events, config.redis);
  const registry = createMetrics(events, log.droppedLines, () => store.ping());
  const health = createHealth(
    () => store.ping(),
    events,
    () => snapshots.current().config.managed?.waiting === true,
  );
  const services = createServices({ store, events, now, elapsed });
  const snapshots = createSnapshots(config, services, (snapshot) => createApp({ ...snapshot, health, events }));
  if (config.managed !== undefined) {
    countOutpostRequests(events, [registry], () => snapshots.current().config);
  }
  if (worker?.speaks !== false) warn(config, events);
  const http = await listen(config.listen.http, snapshots.listener, { events });
  const metrics = await listenForMetrics(config.listen.metrics, metricsListener(registry), events);
  report.say({ config, http: http.places, metrics: metrics?.places ?? [], worker, storeReady: () => store.ping() });
  let stopPrefetch = prefetch(snapshots.current());
  let hangs = false;

  function prepare(next: Config): Prepared {
    const { commit, abort } = snapshots.prepare(next);
    return {
      commit() {
        commit();
        services.providers.renewAuthorities();
        log.setLevel(next.log.level);
        stopPrefetch.abort();
        stopPrefetch = prefetch(snapshots.current());
      },
      abort,
    };
  }

  return {
    events,
    http: http.address,
    metrics: metrics?.address,
    registry,
    get hangs() {
      return hangs;
    },
    prepare,
    swap: (next) => prepare(next).commit(),
    setGap: services.gap.set,
    async close() {
      stopPrefetch.abort();
      report.end();
      health.drain();
      const stopsAt = performance.now() + DRAIN_MS + REFRESH_GRACE_MS;
      await Promise.all([http.drain(), metrics?.drain()]);
      // A refresh under way would lose its token; a store or provider that hangs must not hold the process up.
      const work = Promise.all([services.refreshes.idle(), options.onDrained?.()]);
      await orAfter(work, stopsAt - performance.now(), undefined);
      const closed = store.close().then(
        () => true,
        () => true,
      );
      hangs = !(await orAfter(closed, stopsAt + STORE_CLOSE_MS - performance.now(), false));
      // The last decisions are logged in the tick after theirs, or in the next one.
      await nextTick();
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
  for (const message of fewWarnings(config)) events.emit('log', { level: 'warn', event: 'config.warning', message });
}
