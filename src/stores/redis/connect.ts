/** Connects once to Redis, whichever way the address says; what to do when that fails is for redis_link.ts. */
import { createCluster } from '@redis/client';
import { type Client, connectInTime, destroyClient, newClient, optionsFor } from './client.ts';
import { queryMaster } from './sentinel.ts';
import type { Node, RedisAddress } from './url.ts';

const newCluster = (address: RedisAddress) =>
  createCluster({
    rootNodes: address.nodes.map((node) => optionsFor(address, node)),
    defaults: optionsFor(address),
    RESP: 3,
  });
export type Cluster = ReturnType<typeof newCluster>;

/** A connection (or one to each master of a cluster) that is ready. */
export interface Connection {
  client: Client | Cluster;
  /** The clients of the masters, to ask whether they live and to hear what has changed. */
  masters(): Client[];
  destroy(): void;
}

/** What a connection tells: its first error (it is of no use then), changed keys, and clients that have joined (of a cluster). */
export interface ConnectionEvents {
  lost(error: unknown): void;
  invalidated(key: string | undefined): void;
}

function onInvalidations(client: Client, hearing: ConnectionEvents): void {
  client.on('invalidate', (key: Buffer | string | null) =>
    hearing.invalidated(key === null ? undefined : key.toString()),
  );
}

async function connectNode(address: RedisAddress, node: Node, hearing: ConnectionEvents): Promise<Connection> {
  const client = newClient(optionsFor(address, node));
  client.on('error', hearing.lost);
  onInvalidations(client, hearing);
  await connectInTime(client.connect(), () => destroyClient(client));
  return { client, masters: () => [client], destroy: () => destroyClient(client) };
}

/** One server, or the whole cluster when the server says that it is a part of one. */
async function connectSingle(address: RedisAddress, hearing: ConnectionEvents): Promise<Connection> {
  const connection = await connectNode(address, address.nodes[0]!, hearing);
  const hello = await connectInTime(connection.masters()[0]!.sendCommand(['HELLO']), connection.destroy);
  if ((hello as unknown as { mode?: string }).mode !== 'cluster') return connection;
  connection.destroy();
  return connectCluster({ ...address, kind: 'cluster' }, hearing);
}

async function connectCluster(address: RedisAddress, hearing: ConnectionEvents): Promise<Connection> {
  const cluster = newCluster(address);
  const heard = new WeakSet<Client>();
  const masters = () => cluster.masters.flatMap(({ client }) => (client ? [client as unknown as Client] : []));
  // Before a new node of the cluster has answered anything: nothing it tells may be missed.
  cluster.on('node-ready', () => {
    for (const client of masters()) {
      if (heard.has(client)) continue;
      heard.add(client);
      onInvalidations(client, hearing);
    }
  });
  cluster.on('error', () => undefined);
  cluster.on('node-error', hearing.lost);
  const destroy = () => {
    for (const client of masters()) destroyClient(client);
  };
  await connectInTime(cluster.connect(), destroy);
  return { client: cluster, masters, destroy };
}

async function connectSentinel(address: RedisAddress, hearing: ConnectionEvents): Promise<Connection> {
  const connection = await connectNode(address, await queryMaster(address), hearing);
  const asked = connectInTime(connection.masters()[0]!.sendCommand(['ROLE']), connection.destroy);
  const role = (await asked) as unknown as [string];
  if (role[0] === 'master') return connection;
  // During a failover a sentinel may still name the old master, which is a replica by now.
  connection.destroy();
  throw new Error('the sentinels name a server that is not a master');
}

/** A ready connection, or the reason why there is none. */
export function connectRedis(address: RedisAddress, hearing: ConnectionEvents): Promise<Connection> {
  if (address.kind === 'cluster') return connectCluster(address, hearing);
  if (address.kind === 'sentinel') return connectSentinel(address, hearing);
  return connectSingle(address, hearing);
}
