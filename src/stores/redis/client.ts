/** A client of one Redis server as it is wanted here. */
import { isIP } from 'node:net';
import { createClient, type RedisClientOptions } from '@redis/client';
import { withDeadline } from '../../async/deadline.ts';
import type { RedisAddress, RedisNode } from '../../config/schema/store_url.ts';

/** Milliseconds for a connection, handshake included. */
const CONNECT_TIMEOUT_MS = 2000;

/**
 * RESP 3 with client tracking from the handshake on: Redis tells on the connection that read a key when that key changes.
 * No queue while disconnected, and no reconnecting inside: a call fails at once, and a new connection starts from nothing.
 */
export function optionsFor(address: RedisAddress, node?: RedisNode) {
  return {
    RESP: 3,
    emitInvalidate: true,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.topology !== 'cluster' && { database: address.database }),
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
  try {
    const makeError = () => new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
    return await withDeadline(work, CONNECT_TIMEOUT_MS, makeError);
  } catch (error) {
    giveUp();
    throw error;
  }
}

export function destroyClient(client: Client): void {
  if (client.isOpen) client.destroy();
}
