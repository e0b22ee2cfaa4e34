/** Connects once to Redis, whichever way the address says; what to do when that fails is for redis_link.ts. */
import { createClient, createCluster, type RedisClientOptions } from '@redis/client';
import type { Node, RedisAddress } from './redis_url.ts';

/** Milliseconds for a connection, handshake included. */
const CONNECT_LIMIT = 2000;

/**
 * RESP 3 with client tracking from the handshake on: Redis tells on the connection that read a key when that key changes.
 * No queue while disconnected, and no reconnecting inside: a call fails at once, and a new connection starts from nothing.
 */
function optionsFor(address: RedisAddress, node?: Node) {
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
      ...(address.tls && { tls: true as const, ...(node && { servername: node.host }) }),
      connectTimeout: CONNECT_LIMIT,
      reconnectStrategy: false,
    },
  } satisfies RedisClientOptions;
}

const newClient = (options: ReturnType<typeof optionsFor>) => createClient(options);
export type Client = ReturnType<typeof newClient>;

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
export interface Hearing {
  lost(error: unknown): void;
  invalidated(key: string | undefined): void;
}

async function within<T>(work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${CONNECT_LIMIT} ms`)), CONNECT_LIMIT);
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

function destroyClient(client: Client): void {
  if (client.isOpen) client.destroy();
}

function hearInvalidations(client: Client, hearing: Hearing): void {
  client.on('invalidate', (key: Buffer | string | null) =>
    hearing.invalidated(key === null ? undefined : key.toString()),
  );
}

async function connectSingle(address: RedisAddress, node: Node, hearing: Hearing): Promise<Connection> {
  const client = newClient(optionsFor(address, node));
  client.on('error', hearing.lost);
  hearInvalidations(client, hearing);
  await within(client.connect(), () => destroyClient(client));
  return { client, masters: () => [client], destroy: () => destroyClient(client) };
}

async function connectCluster(address: RedisAddress, hearing: Hearing): Promise<Connection> {
  const cluster = newCluster(address);
  const heard = new WeakSet<Client>();
  const masters = () => cluster.masters.flatMap(({ client }) => (client ? [client as unknown as Client] : []));
  // Before a new node of the cluster has answered anything: nothing it tells may be missed.
  cluster.on('node-ready', () => {
    for (const client of masters()) {
      if (heard.has(client)) continue;
      heard.add(client);
      hearInvalidations(client, hearing);
    }
  });
  cluster.on('error', () => undefined);
  cluster.on('node-error', hearing.lost);
  const destroy = () => {
    for (const client of masters()) destroyClient(client);
  };
  await within(cluster.connect(), destroy);
  return { client: cluster, masters, destroy };
}

/** The address of the present master, from the first sentinel that knows it. */
async function askSentinels(address: RedisAddress): Promise<Node> {
  let failure: unknown = new Error(`no sentinel knows ${address.master}`);
  const { sentinelPassword: password, tls } = address;
  for (const node of address.nodes) {
    const options = optionsFor({ ...address, kind: 'single', username: undefined, password, tls, database: 0 }, node);
    const sentinel = createClient({ ...options, RESP: 2, emitInvalidate: false });
    sentinel.on('error', () => undefined);
    try {
      await within(sentinel.connect(), () => sentinel.isOpen && sentinel.destroy());
      const command = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master!];
      const found = (await within(sentinel.sendCommand(command), () => undefined)) as unknown as
        | [string, string]
        | null;
      if (found !== null) return { host: found[0], port: Number(found[1]) };
    } catch (error) {
      failure = error;
    } finally {
      if (sentinel.isOpen) sentinel.destroy();
    }
  }
  throw failure;
}

async function connectSentinel(address: RedisAddress, hearing: Hearing): Promise<Connection> {
  const connection = await connectSingle(address, await askSentinels(address), hearing);
  const role = (await connection.masters()[0]!.sendCommand(['ROLE'])) as unknown as [string];
  if (role[0] === 'master') return connection;
  // During a failover a sentinel may still name the old master, which is a replica by now.
  connection.destroy();
  throw new Error('the sentinels name a server that is not a master');
}

/** A ready connection, or the reason why there is none. */
export function connectRedis(address: RedisAddress, hearing: Hearing): Promise<Connection> {
  if (address.kind === 'cluster') return connectCluster(address, hearing);
  if (address.kind === 'sentinel') return connectSentinel(address, hearing);
  return connectSingle(address, address.nodes[0]!, hearing);
}
