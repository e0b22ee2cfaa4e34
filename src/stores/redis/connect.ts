/** Connects once to Redis at any kind of address; connection.ts decides what follows a failure. */
import type { RedisNode } from '../../config/schema/store_url.ts';
import { type Client, type Cluster, connectInTime, createClusterClient, destroyClient } from './client.ts';
import { codeOf, isRefusal } from './error_codes.ts';
import {
  type ConnectionEvents,
  connectNode,
  type NodeConnection,
  onInvalidations,
  query,
  type ReadOnce,
} from './node.ts';
import type { Protocol } from './protocol.ts';
import { readIsCluster, readIsClusterNode, readRole } from './replies.ts';
import { checkRights } from './rights.ts';
import { queryMaster } from './sentinel.ts';
import { type RedisTarget, type SentinelTarget, withTlsFiles } from './target.ts';

export type { ConnectionEvents } from './node.ts';

/** A connection (or one to each master of a cluster) that is ready. */
export interface Connection {
  client: Client | Cluster;
  protocol: Protocol;
  isCluster: boolean;
  /** Where the masters of a cluster are; of one server nothing. */
  nodes(): RedisNode[];
  readOnce: ReadOnce;
  /** The clients of the masters, for heartbeats and to hear of changed keys. */
  masters(): Client[];
  destroy(): void;
}

async function isPartOfCluster(connection: NodeConnection): Promise<boolean> {
  if (connection.protocol.resp3) return query(connection, ['HELLO'], readIsClusterNode);
  return (await connection.readOnce(['CLUSTER', 'INFO'], readIsCluster)) ?? false;
}

/** One server, or the whole cluster when the server says that it is a part of one. */
async function connectSingle(target: RedisTarget, events: ConnectionEvents): Promise<Connection> {
  const [node] = target.nodes;
  if (node === undefined) throw new TypeError('the address names no server');
  const connection = await connectNode(target, node, events);
  if (!(await isPartOfCluster(connection))) return connection;
  connection.destroy();
  return joinCluster({ ...target, topology: 'cluster', database: 0 }, connection, events);
}

/** With the protocol of the first node that can be reached. */
async function connectCluster(target: RedisTarget, events: ConnectionEvents): Promise<Connection> {
  let failure: unknown;
  for (const node of target.nodes) {
    try {
      const first = await connectNode(target, node, { lost() {}, invalidated() {} });
      first.destroy();
      return await joinCluster(target, first, events);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function joinCluster(target: RedisTarget, first: NodeConnection, events: ConnectionEvents): Promise<Connection> {
  const { protocol, readOnce } = first;
  const cluster = createClusterClient(target, protocol);
  const heard = new WeakSet<Client>();
  const masters = () => cluster.masters.flatMap(({ client }) => (client ? [client] : []));
  // Before a new node of the cluster has replied to anything: no invalidation may be missed.
  cluster.on('node-ready', () => {
    for (const client of masters()) {
      if (heard.has(client)) continue;
      heard.add(client);
      onInvalidations(client, events);
      events.joined?.();
    }
  });
  cluster.on('error', () => undefined);
  cluster.on('node-error', events.lost);
  const nodes = () => cluster.masters.map(({ host, port }) => ({ host, port }));
  const destroy = () => {
    for (const client of masters()) destroyClient(client);
  };
  await connectInTime(cluster.connect(), destroy);
  return { client: cluster, protocol, isCluster: true, nodes, readOnce, masters, destroy };
}

/** Whether a server is a master: by `ROLE`, or by a write of nothing where the user may not ask. */
async function isMaster({ client, destroy }: NodeConnection, prefix: string): Promise<boolean> {
  const byWrite = async (): Promise<boolean> => {
    const error = await client.set(`${prefix}ready`, '', { condition: 'XX' }).catch((reason: unknown) => reason);
    return codeOf(error) !== 'READONLY';
  };
  const role = client.sendCommand(['ROLE']).then(
    (reply) => readRole(reply) === 'master',
    (error: unknown) => (isRefusal(error) ? byWrite() : Promise.reject(error)),
  );
  return connectInTime(role, destroy);
}

async function connectMaster(target: SentinelTarget, sentinel: RedisNode, events: ConnectionEvents) {
  const connection = await connectNode(target, await queryMaster(target, sentinel), events);
  if (await isMaster(connection, target.prefix)) return connection;
  connection.destroy();
  throw new Error('the sentinels name a server that is not a master');
}

/**
 * The master, by the first sentinel that leads to one: during a failover, or behind a torn network, a sentinel may
 * still name the old one.
 */
async function connectSentinel(target: SentinelTarget, events: ConnectionEvents): Promise<Connection> {
  let failure: unknown;
  for (const sentinel of target.nodes) {
    try {
      return await connectMaster(target, sentinel, events);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function connect(target: RedisTarget, events: ConnectionEvents): Promise<Connection> {
  if (target.topology === 'cluster') return connectCluster(target, events);
  if (target.topology === 'sentinel') return connectSentinel(target, events);
  return connectSingle(target, events);
}

/** A ready connection, or the reason why there is none. */
export async function connectRedis(address: RedisTarget, events: ConnectionEvents): Promise<Connection> {
  const target = await withTlsFiles(address);
  const connection = await connect(target, events);
  await connectInTime(checkRights(connection.client, target.prefix), connection.destroy);
  return connection;
}
