/** HTTP listeners that suit reverse proxies, and their end. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { splitListenAddress } from './config/addresses.ts';

/**
 * Milliseconds. Longer than nginx (60 s) and Traefik (90 s) keep idle connections: the proxy has to be the one that
 * closes first, or a request that it has just sent dies with the connection and becomes a 502.
 */
const keepAliveTimeout = 120_000;
/** Bytes. 64 KiB of the client's headers, and what proxies add to them. */
const maxHeaderSize = 80 * 1024;
/** Milliseconds that running requests are given at the end. */
const grace = 4000;

/** @param address as `listen.http` has it */
export async function listen(address: string, listener: RequestListener): Promise<Server> {
  const server = createServer({ keepAliveTimeout, maxHeaderSize }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(splitListenAddress(address), resolve);
  });
  return server;
}

/** Stops accepting, waits for what runs, and cuts off after four seconds what still does. */
export async function drain(server: Server | undefined): Promise<void> {
  if (!server) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), grace);
  await closed;
  clearTimeout(late);
}
