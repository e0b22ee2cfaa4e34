/** Clients of one Redis server and of a cluster, with the options that the store needs. */
import { isIP } from 'node:net';
import {
  createClient,
  createCluster,
  type RedisClientOptions,
  type RedisClientType,
  type RedisClusterType,
} from '@redis/client';
import { withDeadline } from '../../async/deadline.ts';
import type { RedisAddress, RedisNode } from '../../config/schema/store_url.ts';

/** For a connection, handshake included. */
const CONNECT_TIMEOUT_MS = 2000;

type None = Record<never, never>;
export type Client = RedisClientType<None, None, None, 3, None>;
export type Cluster = RedisClusterType<None, None, None, 3, None>;

/**
 * RESP 3 with client tracking from the handshake on: Redis tells the connection that read a key when that key changes.
 * No queue while disconnected, and no reconnecting inside: a call fails at once, and a new connection starts from
 * nothing.
 */
function optionsFor(address: RedisAddress, node?: RedisNode) {
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

export function createNodeClient(address: RedisAddress, node: RedisNode): Client {
  return createClient<None, None, None, 3, None>(optionsFor(address, node));
}

/** A sentinel holds no records, so there is nothing to track. */
export function createSentinelClient(address: RedisAddress, node: RedisNode): Client {
  const options = { ...optionsFor({ ...address, database: 0 }, node), emitInvalidate: false };
  return createClient<None, None, None, 3, None>(options);
}

export function createClusterClient(address: RedisAddress): Cluster {
  return createCluster<None, None, None, 3, None>({
    rootNodes: address.nodes.map((node) => optionsFor(address, node)),
    defaults: optionsFor(address),
    RESP: 3,
  });
}

/**
 * The result of `work`, or an error after two seconds.
 * @param giveUp is called after any failure
 */
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
