/** The server: puts the rooms behind two listeners, and ends without cutting anybody off. */
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { normalizeHost } from '../access/application_index.ts';
import { createApp } from '../app.ts';
import { assemble, type Parts } from '../assemble.ts';
import { createAuthHandler } from '../auth/handler.ts';
import { createTrustedPeer } from '../auth/trusted_peer.ts';
import { warningsOf } from '../config/checks/warnings.ts';
import type { Config } from '../config/schema/config.ts';
import { createEvents, type Events } from '../observe/events.ts';
import { createHealth } from '../observe/health.ts';
import { createLog } from '../observe/log.ts';
import { createMetrics, metricsListener } from '../observe/metrics.ts';
import { createRender } from '../responses/render.ts';
import { createSignin, deniedPage, unknownHost } from '../signin/index.ts';
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

/** What the makers below share. */
interface Site {
  config: Config;
  parts: Parts;
  events: Events;
  now: () => number;
}

/** Starts Gatepost. A store or a provider that is away does not stop it: those requests are answered 503 until it is back. */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Running> {
  const { events = createEvents(), now = Date.now } = options;
  const log = createLog(config.log, events);
  const registry = createMetrics(events);
  const parts = assemble(config, events, now);
  const site = { config, parts, events, now };
  for (const message of warningsOf(config)) events.emit('log', { level: 'warn', event: 'config.warning', message });
  const health = createHealth(parts.store);
  const app = createApp({ check: checkOf(site), health, signin: signinOf(site), events });
  const http = await listen(config.listen.http, app);
  const metrics = await listenIfFree(config.listen.metrics, metricsListener(registry), events);
  const address = http.address() as AddressInfo;
  const message = `gatepost answers on ${config.listen.http.replace(/:0$/, `:${address.port}`)}`;
  events.emit('log', { level: 'info', event: 'server.listening', message });
  const stop = new AbortController();
  void prefetchDiscovery(config.applications, parts.provider, stop.signal);
  return {
    http: address,
    metrics: metrics?.address() as AddressInfo | undefined,
    registry,
    async close() {
      stop.abort();
      health.drain();
      await Promise.all([drain(http), drain(metrics)]);
      // A refresh that is under way would lose its token; a store or provider that hangs must not keep us.
      const enough = new AbortController();
      const late = sleep(REFRESH_GRACE_MS, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([parts.sessions.idle(), late]);
      enough.abort();
      await parts.store.close();
      // The last answers are told of at the end of their turn.
      await nextTurn();
      log.flush();
    },
  };
}

function checkOf({ config, parts, events, now }: Site) {
  const { authenticator, hosts, trusted, provider } = parts;
  const answer = createRender({
    outpost: config.outpost_name,
    jwksUri: (application) => provider(application.config).jwksUri,
    deniedPage,
    unknownHostPage: unknownHost,
    onRefusedHeader: refusedOnce(events),
    now,
  });
  const peers = createTrustedPeer(trusted);
  const { nginx_method_header: nginxMethodHeader, log } = config;
  return createAuthHandler({
    authenticator,
    answer,
    hosts,
    peers,
    trusted,
    nginxMethodHeader,
    events,
    logQuery: log.query,
  });
}

function signinOf({ config, parts, events, now }: Site) {
  const peers = createTrustedPeer(parts.trusted);
  const { hosts, sessions, provider } = parts;
  return createSignin({
    config,
    applications: hosts,
    sessions,
    provider,
    now,
    events,
    forwardedHost: (ctx) => {
      const forwarded = peers(ctx.req.socket).trusted ? ctx.req.headers['x-forwarded-host'] : undefined;
      return normalizeHost(String(forwarded ?? ctx.req.headers.host ?? ''), undefined);
    },
  });
}

/** Tells each refused additional header once: it would come again with every session. */
function refusedOnce(events: Events) {
  const told = new Set<string>();
  return ({ slug }: { slug: string }, name: string) => {
    const key = `${slug} ${name}`;
    if (told.has(key) || told.size > 1000) return;
    told.add(key);
    const message = `additionalHeaders: ${JSON.stringify(name.slice(0, 100))} is not sent`;
    events.emit('log', { level: 'warn', event: 'additional_headers.refused', message, application: slug });
  };
}
