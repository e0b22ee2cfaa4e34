/** Connects to one server with the best protocol that it speaks. */
import type { RedisNode } from '../../config/schema/store_url.ts';
import { type Client, connectInTime, createNodeClient, destroyClient } from './client.ts';
import { isRefusal } from './error_codes.ts';
import { hasHungUp, mayLackCommand, PROTOCOLS, type Protocol, UNTRACKED } from './protocol.ts';
import type { RedisTarget } from './target.ts';

export interface ConnectionEvents {
  /** The first error of the connection, which is of no use afterwards. */
  lost(error: unknown): void;
  /** A key was changed; `undefined`: all keys may have changed. */
  invalidated(key: string | undefined): void;
  /** A cluster has a further server. */
  joined?(): void;
}

export interface NodeConnection {
  client: Client;
  protocol: Protocol;
  isCluster: false;
  nodes(): RedisNode[];
  readOnce: ReadOnce;
  masters(): Client[];
  destroy(): void;
}

/**
 * The reply to a command that the server may lack or refuse, on a connection of its own: some proxies hang up at it.
 * `undefined` where it does not answer.
 */
export type ReadOnce = <T>(command: string[], read: (reply: unknown) => T) => Promise<T | undefined>;

export function onInvalidations(client: Client, events: ConnectionEvents): void {
  client.on('invalidate', (key: Buffer | string | null) =>
    events.invalidated(key === null ? undefined : key.toString()),
  );
}

async function connectWith(
  target: RedisTarget,
  node: RedisNode,
  protocol: Protocol,
  events: ConnectionEvents,
): Promise<NodeConnection> {
  const client = createNodeClient(target, protocol, node);
  // The errors of a handshake that another one follows are not those of the connection.
  let lost: (error: unknown) => void = () => undefined;
  client.on('error', (error) => lost(error));
  onInvalidations(client, events);
  const destroy = () => destroyClient(client);
  await connectInTime(client.connect(), destroy);
  // Without HELLO nothing in the handshake needs a user: one that was not let in would be noticed too late.
  if (!protocol.resp3) await connectInTime(client.ping().catch(throwRefusal), destroy);
  lost = events.lost;
  if (!client.isReady) lost(new Error('closed'));
  return {
    client,
    protocol,
    isCluster: false,
    nodes: () => [],
    readOnce: createReadOnce(target, node),
    masters: () => [client],
    destroy,
  };
}

/** A server that cannot serve now has let us in all the same. */
function throwRefusal(error: unknown): void {
  if (isRefusal(error)) throw error;
}

/**
 * A server that lacks a command hangs up each time; a load balancer that cuts a handshake once would otherwise cost the
 * cache for as long as the connection lives.
 */
async function connectTwice(...options: Parameters<typeof connectWith>): Promise<NodeConnection> {
  try {
    return await connectWith(...options);
  } catch (error) {
    if (!hasHungUp(error)) throw error;
    return connectWith(...options);
  }
}

/** A connection with the first protocol that the server speaks; the last reason where it speaks none. */
export async function connectNode(
  target: RedisTarget,
  node: RedisNode,
  events: ConnectionEvents,
  protocols = PROTOCOLS,
): Promise<NodeConnection> {
  let failure: unknown;
  for (const protocol of protocols) {
    try {
      return await connectTwice(target, node, protocol, events);
    } catch (error) {
      failure = error;
      if (!mayLackCommand(error)) break;
    }
  }
  throw failure;
}

/** Sends a command and reads its reply. After a failure the connection is destroyed. */
export async function query<T>(
  { client, destroy }: NodeConnection,
  command: string[],
  read: (reply: unknown) => T,
): Promise<T> {
  return connectInTime(client.sendCommand(command).then(read), destroy);
}

export function createReadOnce(target: RedisTarget, node: RedisNode): ReadOnce {
  return async (command, read) => {
    try {
      const connection = await connectNode(target, node, { lost() {}, invalidated() {} }, UNTRACKED);
      const reply = await query(connection, command, read);
      connection.destroy();
      return reply;
    } catch {
      return undefined;
    }
  };
}
