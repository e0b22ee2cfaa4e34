/** The store in Redis or Valkey: for several machines. Sessions are cached because Redis reports changed records. */
import type { Keyv } from 'keyv';
import { withDeadline } from '../../async/deadline.ts';
import { memoizePerTick } from '../../async/memoize.ts';
import { StoreUnavailable } from '../../errors.ts';
import type { Events } from '../../observe/events.ts';
import { createInvalidations, createRestores } from '../listeners.ts';
import { type Restore, STORE_TIMEOUT_MS, type Store } from '../store.ts';
import { createAdvice } from './advice.ts';
import type { Connection } from './connect.ts';
import { FRESH_MS, openConnection } from './connection.ts';
import { leadsElsewhere, withoutSecrets } from './error_codes.ts';
import { openKeyv } from './keyv.ts';
import { createRecords, type Step } from './records.ts';
import { readIsClusterComplete } from './replies.ts';
import { scanKeys } from './scan.ts';
import type { RedisTarget } from './target.ts';

/** What an answer on its way adds to the time for which another replica believes its cache. */
const SETTLE_MARGIN_MS = 100;

/** The result of a step, or `StoreUnavailable` when it fails or takes too long. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(work, STORE_TIMEOUT_MS, () => new Error(`no response within ${STORE_TIMEOUT_MS} ms`));
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
  }
}

type Changed = (key: string | undefined) => void;

function createRunner(target: RedisTarget, events: Events, changed: Changed, restore: Restore) {
  const advise = createAdvice(events);
  let wasDown = false;
  const keyvs = new WeakMap<Connection, Keyv<string>>();
  const managed = openConnection(target, {
    invalidated: (key) => changed(key?.slice(target.prefix.length)),
    // Attack: a Redis that crashed or failed over has lost its last writes, and with them a sign-out: the session that it
    // ended would open again. So nothing is read over a new connection before the sign-outs are written again.
    restore: (connection) => restore(createRecords((step) => runOn(connection, step), target.prefix, changed)),
    up(connection) {
      const level = wasDown ? 'info' : 'debug';
      events.emit('log', { level, event: 'store.available', message: 'Redis is available' });
      advise(connection);
    },
    down(reason) {
      wasDown = true;
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

  const runOn = <T>(connection: Connection, step: Step<T>): Promise<T> =>
    inTime(step(connection.client, keyvOf(connection), connection));

  /** Runs a step on the present connection, or throws `StoreUnavailable`: at once when there is none any more. */
  async function run<T>(step: Step<T>): Promise<T> {
    // Requests in the first moments of a process, or of a new master, wait for it instead of seeing an outage.
    const connection = managed.connection() ?? (await inTime(managed.attempt().then(managed.connection)));
    if (connection === undefined) throw new StoreUnavailable(new Error('not connected to Redis'));
    try {
      return await runOn(connection, step);
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
  const commands: Pick<Connection['client'], 'set'> = connection.client;
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
  const restores = createRestores();
  const { managed, run } = createRunner(target, events, invalidations.emit, restores.run);
  return {
    ...createRecords(run, target.prefix, invalidations.emit),
    async *scan(prefix) {
      for await (const names of scanKeys(run, target.prefix + prefix)) {
        yield names.map((name) => name.slice(target.prefix.length));
      }
    },
    generation: memoizePerTick(managed.generation),
    onInvalidate: invalidations.on,
    onReopen: restores.on,
    settleMs: FRESH_MS + SETTLE_MARGIN_MS,
    ping: () => run((_, __, connection) => probe(connection, `${target.prefix}ready`)),
    close: async () => managed.close(),
  };
}
