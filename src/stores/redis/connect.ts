/** Connects once to Redis at any kind of address; connection.ts decides what follows a failure. */
import type { RedisAddress, RedisNode, SentinelAddress } from '../../config/schema/store_url.ts';
import {
  type Client,
  type Cluster,
  connectInTime,
  createClusterClient,
  createNodeClient,
  destroyClient,
} from './client.ts';
import { readIsClusterNode, readRole } from './replies.ts';
import { queryMaster } from './sentinel.ts';

/** A connection (or one to each master of a cluster) that is ready. */
export interface Connection {
  client: Client | Cluster;
  /** The clients of the masters, for heartbeats and to hear of changed keys. */
  masters(): Client[];
  destroy(): void;
}

export interface ConnectionEvents {
  /** The first error of the connection, which is of no use afterwards. */
  lost(error: unknown): void;
  /** A key was changed; `undefined`: all keys may have changed. */
  invalidated(key: string | undefined): void;
}

function onInvalidations(client: Client, events: ConnectionEvents): void {
  client.on('invalidate', (key: Buffer | string | null) =>
    events.invalidated(key === null ? undefined : key.toString()),
  );
}

interface NodeConnection extends Connection {
  client: Client;
}

async function connectNode(address: RedisAddress, node: RedisNode, events: ConnectionEvents): Promise<NodeConnection> {
  const client = createNodeClient(address, node);
  client.on('error', events.lost);
  onInvalidations(client, events);
  const destroy = () => destroyClient(client);
  await connectInTime(client.connect(), destroy);
  return { client, masters: () => [client], destroy };
}

/** Sends a command and reads its reply. After a failure the connection is destroyed. */
async function query<T>({ client, destroy }: NodeConnection, command: string, read: (reply: unknown) => T): Promise<T> {
  return connectInTime(client.sendCommand([command]).then(read), destroy);
}

/** One server, or the whole cluster when the server says that it is a part of one. */
async function connectSingle(address: RedisAddress, events: ConnectionEvents): Promise<Connection> {
  const [node] = address.nodes;
  if (node === undefined) throw new TypeError('the address names no server');
  const connection = await connectNode(address, node, events);
  if (!(await query(connection, 'HELLO', readIsClusterNode))) return connection;
  connection.destroy();
  return connectCluster({ ...address, topology: 'cluster' }, events);
}

async function connectCluster(address: RedisAddress, events: ConnectionEvents): Promise<Connection> {
  const cluster = createClusterClient(address);
  const heard = new WeakSet<Client>();
  const masters = () => cluster.masters.flatMap(({ client }) => (client ? [client] : []));
  // Before a new node of the cluster has replied to anything: no invalidation may be missed.
  cluster.on('node-ready', () => {
    for (const client of masters()) {
      if (heard.has(client)) continue;
      heard.add(client);
      onInvalidations(client, events);
    }
  });
  cluster.on('error', () => undefined);
  cluster.on('node-error', events.lost);
  const destroy = () => {
    for (const client of masters()) destroyClient(client);
  };
  await connectInTime(cluster.connect(), destroy);
  return { client: cluster, masters, destroy };
}

async function connectSentinel(address: SentinelAddress, events: ConnectionEvents): Promise<Connection> {
  const connection = await connectNode(address, await queryMaster(address), events);
  if ((await query(connection, 'ROLE', readRole)) === 'master') return connection;
  // During a failover a sentinel may still name the old master, which is a replica by now.
  connection.destroy();
  throw new Error('the sentinels name a server that is not a master');
}

/** A ready connection, or the reason why there is none. */
export function connectRedis(address: RedisAddress, events: ConnectionEvents): Promise<Connection> {
  if (address.topology === 'cluster') return connectCluster(address, events);
  if (address.topology === 'sentinel') return connectSentinel(address, events);
  return connectSingle(address, events);
}
