/** Clients of one Redis server and of a cluster, with the options that the store needs. */
import { isIP } from 'node:net';
import {
  createClient,
  createCluster,
  type RedisClientOptions,
  type RedisClientType,
  type RedisClusterType,
  type RespVersions,
} from '@redis/client';
import { withDeadline } from '../../async/deadline.ts';
import type { RedisNode } from '../../config/schema/store_url.ts';
import type { Protocol } from './protocol.ts';
import type { RedisTarget } from './target.ts';

/** For a connection, handshake included. */
const CONNECT_TIMEOUT_MS = 2000;

type None = Record<never, never>;
export type Client = RedisClientType<None, None, None, RespVersions, None>;
export type Cluster = RedisClusterType<None, None, None, RespVersions, None>;

function tlsFor({ tls, tlsOptions, serverName }: RedisTarget, node?: RedisNode) {
  if (!tls) return {};
  const servername = serverName ?? (node !== undefined && isIP(node.host) === 0 ? node.host : undefined);
  return { tls: true as const, ...tlsOptions, ...(servername !== undefined && { servername }) };
}

/**
 * With client tracking from the handshake on, where the server has it: Redis tells the connection that read a key when
 * that key changes. No queue while disconnected, and no reconnecting inside: a call fails at once, and a new connection
 * starts from nothing. `CLIENT SETINFO` is left out: it is one right more, and some proxies hang up at it.
 */
function optionsFor(target: RedisTarget, protocol: Protocol, node?: RedisNode) {
  return {
    ...(protocol.resp3 && { RESP: 3 as const }),
    emitInvalidate: protocol.tracking,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.topology !== 'cluster' && { database: target.database }),
    socket: {
      ...node,
      ...tlsFor(target, node),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: false,
    },
  } satisfies RedisClientOptions;
}

export function createNodeClient(target: RedisTarget, protocol: Protocol, node: RedisNode): Client {
  return createClient<None, None, None, RespVersions, None>(optionsFor(target, protocol, node));
}

export function createClusterClient(target: RedisTarget, protocol: Protocol): Cluster {
  return createCluster<None, None, None, RespVersions, None>({
    rootNodes: target.nodes.map((node) => optionsFor(target, protocol, node)),
    defaults: optionsFor(target, protocol),
    ...(protocol.resp3 && { RESP: 3 as const }),
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
