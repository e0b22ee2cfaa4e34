/** HTTP listeners that suit reverse proxies, and their end. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { splitListenAddress } from '../config/schema/addresses.ts';
import type { Events } from '../observe/events.ts';
import { withBodyDeadline } from './body_deadline.ts';
import { createDrain } from './drain.ts';

/**
 * Milliseconds. Longer than nginx (60 s) and Traefik (90 s) keep idle connections: the proxy has to be the one that
 * closes first, or a request that it has just sent dies with the connection and becomes a 502.
 */
const KEEP_ALIVE_MS = 120_000;
/**
 * Bytes. The 128 KiB of a client's headers that our nginx files read, and what proxies add to them. Node's own 431 beyond that
 * would be a 500 in nginx.
 */
const MAX_HEADER_BYTES = 160 * 1024;

export interface Listener {
  readonly address: AddressInfo;
  /** Stops accepting, and resolves when no connection is left: see `createDrain`. */
  drain(): Promise<void>;
}

export interface ListenOptions {
  /** How long no request must have come before a drain closes idle connections; see `createDrain`. */
  quietMs?: number;
  /** Are told of requests that are answered in place of their handler. */
  events: Events;
}

/** A server for requests of proxies; it does not listen. */
export function createProxyServer(listener: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES }, listener);
  // No limit but that of bytes. Node 20 would drop the headers after the first 1,000 and later versions answer 431 by
  // themselves; auth/handler.ts refuses such requests with a reason.
  server.maxHeadersCount = 0;
  // Proxies pass a client's `Expect` on: Node's own 417 would be no response to an auth request.
  server.on('checkExpectation', listener);
  return server;
}

/** @param address as `listen.http` has it */
export async function listen(
  address: string,
  answer: RequestListener,
  { quietMs, events }: ListenOptions,
): Promise<Listener> {
  const listener = withBodyDeadline(answer, { events });
  const server = createProxyServer(listener);
  const drain = createDrain(server, quietMs, events);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(splitListenAddress(address), resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server does not listen on TCP');
  return { address: bound, drain };
}

/** As `listen`, but a port that is taken is logged, and the site runs without metrics. */
export async function listenForMetrics(
  address: string | false,
  listener: RequestListener,
  events: Events,
): Promise<Listener | undefined> {
  if (address === false) return undefined;
  // Prometheus asks again: its idle connections are closed at once.
  return listen(address, listener, { quietMs: 0, events }).catch((error: unknown) => {
    const message = `no metrics: ${address} cannot be listened on`;
    events.emit('log', { level: 'error', event: 'metrics.unavailable', message, error });
    return undefined;
  });
}
