/** A client of one Redis server as it is wanted here. */
import { isIP } from 'node:net';
import { createClient, type RedisClientOptions } from '@redis/client';
import type { Node, RedisAddress } from './url.ts';

/** Milliseconds for a connection, handshake included. */
const CONNECT_TIMEOUT_MS = 2000;

/**
 * RESP 3 with client tracking from the handshake on: Redis tells on the connection that read a key when that key changes.
 * No queue while disconnected, and no reconnecting inside: a call fails at once, and a new connection starts from nothing.
 */
export function optionsFor(address: RedisAddress, node?: Node) {
  return {
    RESP: 3,
    emitInvalidate: true,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.kind !== 'cluster' && { database: address.database }),
    socket: {
      ...node,
      ...(address.tls && { tls: true as const, ...(node && isIP(node.host) === 0 && { servername: node.host }) }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: false,
    },
  } satisfies RedisClientOptions;
}

export const newClient = (options: ReturnType<typeof optionsFor>) => createClient(options);
export type Client = ReturnType<typeof newClient>;

/** The outcome of `work`, or a failure after two seconds; then, and after any failure, `giveUp` is called. */
export async function connectInTime<T>(work: Promise<T>, giveUp: () => unknown): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)), CONNECT_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    work.catch(() => undefined);
    giveUp();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export function destroyClient(client: Client): void {
  if (client.isOpen) client.destroy();
}
