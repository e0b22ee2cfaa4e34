/** The server: puts the rooms behind two listeners, and ends without cutting anybody off. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normaliseHost } from './access/hosts.ts';
import { createApp } from './app.ts';
import { assemble } from './assemble.ts';
import { createCheck } from './check/endpoint.ts';
import { createPeers } from './check/peer.ts';
import { splitListenAddress } from './config/addresses.ts';
import type { Config } from './config/schema.ts';
import { createAnswer } from './dialects/answer.ts';
import { createEvents, type Events } from './observe/events.ts';
import { createHealth } from './observe/health.ts';
import { createLog } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { createSignin } from './signin/index.ts';

export interface Running {
  /** Where `listen.http` and `listen.metrics` ended up (a port 0 has become a real one). */
  http: AddressInfo;
  metrics: AddressInfo | undefined;
  /** Stops accepting, lets finish what runs (at most 4 s), and closes the store. */
  close(): Promise<void>;
}

/** Milliseconds. Longer than nginx (60 s) and Traefik (90 s) keep idle connections: who closes first must be the proxy, or a request dies with the connection. */
const keepAliveTimeout = 120_000;
/** Bytes. 64 KiB of the client's headers and what proxies add to them. */
const maxHeaderSize = 80 * 1024;
/** Milliseconds that running requests are given at the end. */
const grace = 4000;

export interface ServeOptions {
  events?: Events;
  now?: () => number;
}

/** Starts Gatepost. A store or a provider that is away does not stop it: those requests are answered 503 until it is back. */
export async function serve(
  config: Config,
  { events = createEvents(), now = Date.now }: ServeOptions = {},
): Promise<Running> {
  const log = createLog(config.log, events);
  const registry = createMetrics(events);
  const parts = assemble(config, events, now);
  const health = createHealth(parts.store);
  const app = createApp({
    check: checkOf(config, parts, events, now),
    health,
    signin: signinOf(config, parts, events, now),
    events,
  });
  const http = await listen(config.listen.http, app.callback());
  const metrics =
    config.listen.metrics &&
    (await listen(config.listen.metrics, (_, response) => {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    }));
  events.emit('notice', {
    level: 'info',
    what: 'server.listening',
    message: `gatepost listens on ${config.listen.http}`,
  });
  const close = async () => {
    health.drain();
    await Promise.all([drain(http), metrics && drain(metrics)]);
    await parts.sessions.idle();
    await parts.store.close();
    log.flush();
  };
  return {
    http: http.address() as AddressInfo,
    metrics: metrics ? (metrics.address() as AddressInfo) : undefined,
    close,
  };
}

type Parts = ReturnType<typeof assemble>;

function checkOf(config: Config, parts: Parts, events: Events, now: () => number) {
  const { authenticator, hosts, trusted, provider } = parts;
  const answer = createAnswer({
    outpost: config.outpost_name,
    jwksUri: (application) => provider(application.config).jwksUri,
    deniedPage: parts.deniedPage,
    onRefusedHeader: refusedOnce(events),
    now,
  });
  const { nginx_method_header: nginxMethodHeader, log } = config;
  return createCheck({
    authenticator,
    answer,
    hosts,
    peers: createPeers(trusted),
    trusted,
    nginxMethodHeader,
    events,
    logQuery: log.query,
  });
}

function signinOf(config: Config, parts: Parts, events: Events, now: () => number) {
  const peers = createPeers(parts.trusted);
  return createSignin({
    config,
    applications: parts.hosts,
    sessions: parts.sessions,
    provider: parts.provider,
    now,
    events,
    forwardedHost: (ctx) => {
      const forwarded = peers(ctx.req.socket).trusted ? ctx.req.headers['x-forwarded-host'] : undefined;
      return normaliseHost(String(forwarded ?? ctx.req.headers.host ?? ''), undefined);
    },
  });
}

/** Logs each refused additional header once: it would come again at every request. */
function refusedOnce(events: Events) {
  const told = new Set<string>();
  return ({ slug }: { slug: string }, name: string) => {
    const key = `${slug} ${name}`;
    if (told.has(key) || told.size > 1000) return;
    told.add(key);
    events.emit('notice', {
      level: 'warn',
      what: 'headers.refused',
      message: `additionalHeaders: ${JSON.stringify(name.slice(0, 100))} is not sent`,
      application: slug,
    });
  };
}

async function listen(address: string, listener: RequestListener): Promise<Server> {
  const server = createServer({ keepAliveTimeout, maxHeaderSize }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(splitListenAddress(address), resolve);
  });
  return server;
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), grace);
  await closed;
  clearTimeout(late);
}
