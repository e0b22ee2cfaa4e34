/** The store in Redis or Valkey: for several machines. Copies are believed because Redis tells when a row has changed. */
import KeyvRedis from '@keyv/redis';
import { ErrorReply } from '@redis/client';
import type { Keyv } from 'keyv';
import { memoizePerTick } from '../../async/memoize.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { answerInTime, openKeyv } from '../keyv.ts';
import type { Store } from '../store.ts';
import type { Client } from './client.ts';
import type { Connection } from './connect.ts';
import { openConnection } from './connection.ts';
import type { RedisAddress } from './url.ts';

/** What every key begins with, where others use the same server. */
const KEY_PREFIX = 'gatepost:';

/** A count and its end in one step: an end that is set later may never be set, and the row would stay for ever. */
const INCREMENT = `local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

/** The first word of an error reply is its code (Redis protocol: "Simple errors"). */
const codeOf = (error: unknown) => (error instanceof ErrorReply ? error.message.split(' ', 1)[0] : undefined);

/** How Redis begins to repeat a command that it does not know. */
const REPEATED_ARGUMENTS = /,? with args beginning with.*$/is;

/**
 * Attack: a Redis without HELLO (older than 6, or a proxy before it) repeats what came with it in its error, the password
 * too, for whoever reads the log.
 */
function reportDown(events: Events | undefined, error: unknown): void {
  const safe = error instanceof ErrorReply ? new Error(error.message.replace(REPEATED_ARGUMENTS, '')) : error;
  events?.emit('log', { level: 'error', event: 'store.unavailable', message: 'Redis is away', error: safe });
}

function createRunner(address: RedisAddress, events: Events | undefined, told: (key?: string) => void) {
  const keyvs = new WeakMap<Connection, Keyv<string>>();
  const link = openConnection(address, {
    invalidated: (key) => told(key?.slice(KEY_PREFIX.length)),
    up: () => events?.emit('log', { level: 'info', event: 'store.available', message: 'Redis is there' }),
    down: (error) => reportDown(events, error),
  });

  function keyvOf(connection: Connection): Keyv<string> {
    const known = keyvs.get(connection);
    if (known !== undefined) return known;
    const adapter = new KeyvRedis(connection.client as ConstructorParameters<typeof KeyvRedis>[0], {
      throwOnErrors: true,
      throwOnConnectError: true,
    });
    const keyv = openKeyv(adapter);
    keyvs.set(connection, keyv);
    return keyv;
  }

  /** Runs a step on the present connection, or throws `StoreUnavailable`: at once when there is none any more. */
  async function run<T>(step: (client: Client, keyv: Keyv<string>) => Promise<T>): Promise<T> {
    // The first attempt is waited for: else whoever comes in the first moments of a process would be told of an outage.
    const connection = link.connection() ?? (await answerInTime(link.firstAttempt.then(link.connection)));
    if (connection === undefined) throw new StoreUnavailable(new Error('not connected to Redis'));
    try {
      // What is called here is the same for one server and for a cluster.
      return await answerInTime(step(connection.client as Client, keyvOf(connection)));
    } catch (error) {
      // After a failover this server takes no writes any more; a new connection may lead to the one that does.
      const cause = (error as StoreUnavailable).cause;
      if (codeOf(cause) === 'READONLY') link.reconnect(cause);
      throw error;
    }
  }
  return { link, run };
}

/** A write that leaves no row: it fails on a read-only replica, a full memory and a disk that cannot be written. */
async function probe(client: Client, connection: Connection, key: string): Promise<void> {
  await client.set(key, '', { condition: 'XX', expiration: { type: 'PX', value: 1 } });
  const masters = connection.masters();
  if (connection.client === masters[0]) return;
  // One key asks one node of a cluster: the others may be there and still not serve.
  const states = await Promise.all(masters.map((master) => master.sendCommand(['CLUSTER', 'INFO'])));
  if (!states.every((state) => String(state).includes('cluster_state:ok'))) throw new Error('the cluster is not whole');
}

/** A store at an address of Redis. Opening never fails: it is unavailable until Redis is there. */
export function createRedisStore(address: RedisAddress, events?: Events): Store {
  const listeners: ((key: string | undefined) => void)[] = [];
  const told = (key?: string) => listeners.forEach((listen) => void listen(key));
  const { link, run } = createRunner(address, events, told);
  const name = (key: string) => KEY_PREFIX + key;

  /** A write of ours is told to ourselves too, before its caller goes on. */
  async function change<T>(key: string, step: (client: Client, keyv: Keyv<string>) => Promise<T>): Promise<T> {
    const result = await run(step);
    told(key);
    return result;
  }
  const writeIf = (condition: 'NX' | 'XX', key: string, value: string, ttl: number) =>
    change(key, async (client) => {
      const expiration = { type: 'PX', value: Math.ceil(ttl) } as const;
      return (await client.set(name(key), value, { condition, expiration })) !== null;
    });

  return {
    get: (key) => run((_, keyv) => keyv.get(name(key))),
    getMany: (keys) => run((_, keyv) => keyv.getMany<string>(keys.map(name))),
    set: (key, value, ttl) => change(key, async (_, keyv) => void (await keyv.set(name(key), value, Math.ceil(ttl)))),
    delete: (key) => change(key, async (_, keyv) => void (await keyv.delete(name(key)))),
    add: (key, value, ttl) => writeIf('NX', key, value, ttl),
    replace: (key, value, ttl) => writeIf('XX', key, value, ttl),
    increment: (key, ttl) =>
      run(async (client) => {
        const options = { keys: [name(key)], arguments: [String(Math.ceil(ttl))] };
        return Number(await client.eval(INCREMENT, options));
      }),
    count: async (key) => Number((await run((_, keyv) => keyv.get(name(key)))) ?? 0),
    generation: memoizePerTick(link.generation),
    onInvalidate: (listener) => void listeners.push(listener),
    ping: () => run((client) => probe(client, link.connection()!, name('ready'))),
    close: async () => link.close(),
  };
}
