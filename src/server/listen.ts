/** HTTP listeners that suit reverse proxies, and their end. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { splitListenAddress } from '../config/schema/addresses.ts';
import type { Events } from '../observe/events.ts';

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
/** Milliseconds that running requests are given at the end. */
export const DRAIN_MS = 4000;

/** @param address as `listen.http` has it */
export async function listen(address: string, listener: RequestListener): Promise<Server> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES }, listener);
  // No limit but that of bytes. Node 20 would drop the headers after the first 1,000 and later versions answer 431 by
  // themselves; auth/handler.ts refuses such requests with a reason.
  server.maxHeadersCount = 0;
  // Proxies pass a client's `Expect` on: Node's own 417 would be no response to an auth request.
  server.on('checkExpectation', listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(splitListenAddress(address), resolve);
  });
  return server;
}

/** As `listen`, but a port that is taken is logged, and the site runs without metrics. */
export async function listenIfFree(
  address: string | false,
  listener: RequestListener,
  events: Events,
): Promise<Server | undefined> {
  if (address === false) return undefined;
  return listen(address, listener).catch((error: unknown) => {
    const message = `no metrics: ${address} cannot be listened on`;
    events.emit('log', { level: 'error', event: 'metrics.unavailable', message, error });
    return undefined;
  });
}

/** Stops accepting, waits for what runs, and cuts off after four seconds what still does. */
export async function drain(server: Server | undefined): Promise<void> {
  if (!server) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(late);
}
