/** The store in Redis or Valkey: for several machines. Sessions are cached because Redis reports changed records. */
import type { Keyv } from 'keyv';
import { withDeadline } from '../../async/deadline.ts';
import { memoizePerTick } from '../../async/memoize.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { createInvalidations } from '../listeners.ts';
import { STORE_TIMEOUT_MS, type Store } from '../store.ts';
import { createAdvice } from './advice.ts';
import type { Client } from './client.ts';
import type { Connection } from './connect.ts';
import { openConnection } from './connection.ts';
import { leadsElsewhere, withoutSecrets } from './error_codes.ts';
import { openKeyv } from './keyv.ts';
import { readInteger, readIsClusterComplete, readReservation } from './replies.ts';
import { CANCEL, DELETE_IF, REPLACE_IF, RESERVE } from './scripts.ts';
import type { RedisTarget } from './target.ts';

/** The commands that are the same for one server and for a cluster. */
type Commands = Pick<Client, 'set' | 'eval'>;
type Step<T> = (commands: Commands, keyv: Keyv<string>, connection: Connection) => Promise<T>;

/** The result of a step, or `StoreUnavailable` when it fails or takes too long. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(work, STORE_TIMEOUT_MS, () => new Error(`no response within ${STORE_TIMEOUT_MS} ms`));
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
  }
}

function createRunner(target: RedisTarget, events: Events, changed: (key: string | undefined) => void) {
  const advise = createAdvice(events);
  const keyvs = new WeakMap<Connection, Keyv<string>>();
  const managed = openConnection(target, {
    invalidated: (key) => changed(key?.slice(target.prefix.length)),
    up(connection) {
      events.emit('log', { level: 'info', event: 'store.available', message: 'Redis is available' });
      advise(connection);
    },
    down(reason) {
      const message = 'Redis is unavailable';
      const error = withoutSecrets(reason, [target.password, target.sentinelPassword]);
      events.emit('log', { level: 'error', event: 'store.unavailable', message, error });
    },
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
      if (leadsElsewhere(cause)) managed.reconnect(cause);
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
  if (!connection.isCluster) return;
  // One key reaches one node of a cluster: the others may respond and still not serve.
  const replies = await Promise.all(masters.map((master) => master.sendCommand(['CLUSTER', 'INFO'])));
  if (!replies.every(readIsClusterComplete)) throw new Error('the cluster does not serve all slots');
}

/** A store at an address of Redis. Opening never fails: the store is unavailable until Redis responds. */
export function createRedisStore(target: RedisTarget, events: Events): Store {
  const invalidations = createInvalidations();
  const { managed, run } = createRunner(target, events, invalidations.emit);
  const name = (key: string) => target.prefix + key;
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
    // One by one on a cluster: for several keys at once Keyv picks the node itself, and does not follow a slot that moves.
    getMany: (keys) =>
      run((_, keyv, { isCluster }) =>
        isCluster ? Promise.all(keys.map((key) => keyv.get(name(key)))) : keyv.getMany<string>(keys.map(name)),
      ),
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
