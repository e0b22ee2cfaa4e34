/** HTTP listeners that suit reverse proxies, and their end. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import {
  formatListenAddress,
  isEverywhere,
  type ListenAddress,
  splitListenAddresses,
} from '../config/schema/addresses.ts';
import { ProxyRequest } from '../http/unread_request.ts';
import type { Events } from '../observe/events.ts';
import { withBodyDeadline } from './body_deadline.ts';
import { createDrain } from './drain.ts';

/**
 * Milliseconds. Longer than nginx (60 s) and Traefik (90 s) keep idle connections: the proxy has to be the one that
 * closes first, or a request that it has just sent dies with the connection and becomes a 502.
 */
const KEEP_ALIVE_MS = 120_000;
/**
 * Milliseconds. Node counts this limit from the moment of connecting, too: 60 s, its default, would close a connection that a
 * proxy opened ahead of need at the moment when Envoy and nginx still use it, and the request on it would be refused.
 */
const HEADERS_MS = 150_000;
/**
 * Bytes. The 128 KiB of a client's headers that our nginx files read, and what proxies add to them. Node's own 431 beyond that
 * would be a 500 in nginx.
 */
const MAX_HEADER_BYTES = 160 * 1024;
/** `[::]` on a machine without IPv6. */
const WITHOUT_IPV6: readonly unknown[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

export interface Listener {
  /** The first of several. */
  readonly address: AddressInfo;
  /** All of them as `listen.http` writes them, with the port that a 0 has become. */
  readonly places: readonly string[];
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
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      IncomingMessage: ProxyRequest,
    },
    listener,
  );
  // No limit but that of bytes. Node 20 would drop the headers after the first 1,000 and later versions answer 431 by
  // themselves; auth/handler.ts refuses such requests with a reason.
  server.maxHeadersCount = 0;
  // Proxies pass a client's `Expect` on: Node's own 417 would be no response to an auth request.
  server.on('checkExpectation', listener);
  return server;
}

/** @param addresses as `listen.http` has them: Gatepost listens on all of them, or on none */
export async function listen(
  addresses: string,
  answer: RequestListener,
  { quietMs, events }: ListenOptions,
): Promise<Listener> {
  const listener = withBodyDeadline(answer, { events });
  const open: Bound[] = [];
  const drain = async () => void (await Promise.all(open.map((one) => one.drain())));
  try {
    for (const address of withoutCovered(splitListenAddresses(addresses))) {
      open.push(await bindOrFallBack(address, listener, { quietMs, events }));
    }
  } catch (error) {
    await drain();
    throw error;
  }
  const [first] = open;
  if (first === undefined) throw new Error('there is no address to listen on');
  return { address: first.address, places: open.map(({ place }) => place), drain };
}

/** One of the addresses. */
interface Bound extends Omit<Listener, 'places'> {
  place: string;
}

/** Without those that another one takes in: the system would refuse them as taken. */
function withoutCovered(addresses: readonly ListenAddress[]): ListenAddress[] {
  return addresses.filter((address, at) =>
    addresses.every((other, otherAt) => {
      const isTwin = covers(other, address) && covers(address, other);
      return isTwin ? at <= otherAt : !covers(other, address);
    }),
  );
}

/** `[::]` takes IPv4 in, too. */
function covers(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  if (one.host === '0.0.0.0') return isIPv4(other.host ?? '');
  return one.host === other.host || isEverywhere(one);
}

async function bindOrFallBack(address: ListenAddress, ...how: [RequestListener, ListenOptions]): Promise<Bound> {
  try {
    return await bind(address, ...how);
  } catch (error) {
    const code = error instanceof Error && 'code' in error && error.code;
    if (address.host !== '::' || !WITHOUT_IPV6.includes(code)) throw error;
    return bind({ ...address, host: '0.0.0.0' }, ...how);
  }
}

async function bind(at: ListenAddress, listener: RequestListener, { quietMs, events }: ListenOptions): Promise<Bound> {
  const server = createProxyServer(listener);
  const drain = createDrain(server, quietMs, events);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return { address, place: formatListenAddress({ host: at.host, port: address.port }), drain };
}

/** As `listen`, but a port that is taken is logged, and the site runs without metrics. */
export async function listenForMetrics(
  addresses: string | false,
  listener: RequestListener,
  events: Events,
): Promise<Listener | undefined> {
  if (addresses === false) return undefined;
  // Prometheus asks again: its idle connections are closed at once.
  return listen(addresses, listener, { quietMs: 0, events }).catch((error: unknown) => {
    const message = `no metrics: ${addresses} cannot be listened on`;
    events.emit('log', { level: 'error', event: 'metrics.unavailable', message, error });
    return undefined;
  });
}
