/** The store in Redis or Valkey: for several machines. Sessions are cached because Redis reports changed records. */
import { ErrorReply } from '@redis/client';
import type { Keyv } from 'keyv';
import { withDeadline } from '../../async/deadline.ts';
import { memoizePerTick } from '../../async/memoize.ts';
import type { RedisAddress } from '../../config/schema/store_url.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { createInvalidations } from '../listeners.ts';
import { STORE_TIMEOUT_MS, type Store } from '../store.ts';
import type { Client } from './client.ts';
import type { Connection } from './connect.ts';
import { openConnection } from './connection.ts';
import { openKeyv } from './keyv.ts';
import { readInteger, readIsClusterComplete, readReservation } from './replies.ts';
import { CANCEL, DELETE_IF, REPLACE_IF, RESERVE } from './scripts.ts';

/** The beginning of every key, as others may use the same server. */
const KEY_PREFIX = 'gatepost:';

/** The commands that are the same for one server and for a cluster. */
type Commands = Pick<Client, 'set' | 'eval'>;
type Step<T> = (commands: Commands, keyv: Keyv<string>, connection: Connection) => Promise<T>;

/** The first word of an error reply is its code (Redis protocol: "Simple errors"). */
const codeOf = (error: unknown) => (error instanceof ErrorReply ? error.message.split(' ', 1)[0] : undefined);

/** How Redis begins to repeat a command that it does not know. */
const REPEATED_ARGUMENTS = /,? with args beginning with.*$/is;

/**
 * Attack: a Redis without HELLO (older than 6, or a proxy before it) repeats the arguments in its error, the password
 * too, and a reader of the log would learn it.
 */
function reportUnavailable(events: Events, error: unknown): void {
  const safe = error instanceof ErrorReply ? new Error(error.message.replace(REPEATED_ARGUMENTS, '')) : error;
  events.emit('log', { level: 'error', event: 'store.unavailable', message: 'Redis is unavailable', error: safe });
}

/** The result of a step, or `StoreUnavailable` when it fails or takes too long. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(work, STORE_TIMEOUT_MS, () => new Error(`no response within ${STORE_TIMEOUT_MS} ms`));
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
  }
}

function createRunner(address: RedisAddress, events: Events, changed: (key: string | undefined) => void) {
  const keyvs = new WeakMap<Connection, Keyv<string>>();
  const managed = openConnection(address, {
    invalidated: (key) => changed(key?.slice(KEY_PREFIX.length)),
    up: () => events.emit('log', { level: 'info', event: 'store.available', message: 'Redis is available' }),
    down: (error) => reportUnavailable(events, error),
  });

  function keyvOf(connection: Connection): Keyv<string> {
    const known = keyvs.get(connection);
    if (known !== undefined) return known;
    const keyv = openKeyv(connection.client);
    keyvs.set(connection, keyv);
    return keyv;
  }

  /** Runs a step on the present connection, or throws `StoreUnavailable`: at once when there is none any more. */
  async function run<T>(step: Step<T>): Promise<T> {
    // Requests in the first moments of a process wait for the first attempt to connect, instead of seeing an outage.
    const connection = managed.connection() ?? (await inTime(managed.firstAttempt.then(managed.connection)));
    if (connection === undefined) throw new StoreUnavailable(new Error('not connected to Redis'));
    try {
      return await inTime(step(connection.client, keyvOf(connection), connection));
    } catch (error) {
      // After a failover this server takes no writes any more; a new connection may lead to the one that does.
      const cause = error instanceof StoreUnavailable ? error.cause : error;
      if (codeOf(cause) === 'READONLY') managed.reconnect(cause);
      throw error;
    }
  }
  return { managed, run };
}

/** A write that leaves no record: it fails on a read-only replica, a full memory and a disk that cannot be written. */
async function probe(connection: Connection, key: string): Promise<void> {
  const commands: Commands = connection.client;
  await commands.set(key, '', { condition: 'XX', expiration: { type: 'PX', value: 1 } });
  const masters = connection.masters();
  if (connection.client === masters[0]) return;
  // One key reaches one node of a cluster: the others may respond and still not serve.
  const replies = await Promise.all(masters.map((master) => master.sendCommand(['CLUSTER', 'INFO'])));
  if (!replies.every(readIsClusterComplete)) throw new Error('the cluster does not serve all slots');
}

/** A store at an address of Redis. Opening never fails: the store is unavailable until Redis responds. */
export function createRedisStore(address: RedisAddress, events: Events): Store {
  const invalidations = createInvalidations();
  const { managed, run } = createRunner(address, events, invalidations.emit);
  const name = (key: string) => KEY_PREFIX + key;
  const px = (ttlMs: number) => Math.ceil(ttlMs);

  /** Own writes are reported too, before the caller goes on. */
  async function change<T>(key: string, step: Step<T>): Promise<T> {
    const result = await run(step);
    invalidations.emit(key);
    return result;
  }
  const writeIf = (condition: 'NX' | 'XX', key: string, value: string, ttlMs: number) =>
    change(key, async (commands) => {
      const options = { condition, expiration: { type: 'PX', value: px(ttlMs) } } as const;
      return (await commands.set(name(key), value, options)) !== null;
    });
  const evaluateTo =
    <T>(read: (reply: unknown) => T) =>
    (script: string, key: string, ...args: string[]) =>
      change(key, async (commands) => read(await commands.eval(script, { keys: [name(key)], arguments: args })));
  const evaluate = evaluateTo(readInteger);
  const reserve = evaluateTo(readReservation);

  return {
    get: (key) => run((_, keyv) => keyv.get(name(key))),
    getMany: (keys) => run((_, keyv) => keyv.getMany<string>(keys.map(name))),
    set: (key, value, ttlMs) => change(key, async (_, keyv) => void (await keyv.set(name(key), value, px(ttlMs)))),
    delete: (key) => change(key, async (_, keyv) => void (await keyv.delete(name(key)))),
    add: (key, value, ttlMs) => writeIf('NX', key, value, ttlMs),
    replace: (key, value, ttlMs) => writeIf('XX', key, value, ttlMs),
    deleteIf: async (key, value) => (await evaluate(DELETE_IF, key, value)) === 1,
    replaceIf: async (key, expected, value, ttlMs) =>
      (await evaluate(REPLACE_IF, key, expected, value, String(px(ttlMs)))) === 1,
    reserve: (key, member, limit, ttlMs) => reserve(RESERVE, key, member, String(limit), String(px(ttlMs))),
    cancel: async (key, member) => void (await evaluate(CANCEL, key, member)),
    generation: memoizePerTick(managed.generation),
    onInvalidate: invalidations.on,
    ping: () => run((_, __, connection) => probe(connection, name('ready'))),
    close: async () => managed.close(),
  };
}
