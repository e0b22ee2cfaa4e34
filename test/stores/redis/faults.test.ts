/** What happens to sessions when Redis is killed, paused, emptied, read-only or not there, with real servers. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/errors.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { sessionKey } from '../../../src/sessions/keys.ts';
import type { Sessions } from '../../../src/sessions/sessions.ts';
import { openStore } from '../../../src/stores/open.ts';
import type { Store } from '../../../src/stores/store.ts';
import { HOUR, makeSession, openSessions } from '../../sessions/fixture.ts';
import { waitUntil, within } from '../../support/wait.ts';
import { ready } from '../store.conformance.ts';
import {
  addReplicas,
  createRedisServer,
  freePort,
  hasRedis,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinel,
} from './server.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function closeLater<T extends RedisServer>(server: T): T {
  closing.push(() => server.stop());
  return server;
}

function open(url: string): { store: Store; sessions: Sessions } {
  const store = openStore(url, { now: Date.now, elapsed: () => performance.now() }, createEvents());
  closing.push(() => store.close());
  return { store, sessions: openSessions(store) };
}

async function openReady(url: string) {
  const opened = open(url);
  await waitUntil(() => ready(opened.store));
  return opened;
}

/** A session that is found without any wait. */
async function createWarm(sessions: Sessions, changes = {}): Promise<string> {
  const id = await sessions.create(makeSession(Date.now(), changes));
  // Redis may still be about to say that the row has been written, after which it is read once more.
  await waitUntil(async () => {
    const live = sessions.find(id, 'grafana');
    if (!(live instanceof Promise)) return true;
    await live;
    return false;
  });
  return id;
}

const found = async (sessions: Sessions, id: string) =>
  Promise.resolve(sessions.find(id, 'grafana')).then(
    (live) => (live === undefined ? 'no' : 'yes'),
    (error) => (error instanceof StoreUnavailable ? 'unavailable' : 'error'),
  );

/** Every call of a store, each with its answer or its error. */
const everyCall = (store: Store) => [
  store.get('s:x'),
  store.getMany(['s:x', 's:y']),
  store.set('s:x', 'value', HOUR),
  store.delete('s:x'),
  store.add('l:x', 'value', HOUR),
  store.replace('s:x', 'value', HOUR),
  store.reserve('c:x', 'x', 10, HOUR),
  store.cancel('c:x', 'x'),
  store.ping(),
];

async function expectUnavailable(store: Store): Promise<void> {
  const calls = await Promise.allSettled(everyCall(store));
  for (const call of calls) expect(call).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
}

describe.runIf(hasRedis())('redis', () => {
  test('not there at the start: unavailable, and available as soon as it responds', async () => {
    const server = closeLater(createRedisServer(await freePort()));
    const { store, sessions } = open(server.url);
    await expectUnavailable(store);
    expect(store.generation()).toBeUndefined();
    await server.start();
    await waitUntil(() => ready(store), 5000);
    const id = await createWarm(sessions);
    expect(await found(sessions, id)).toBe('yes');
  });

  test('killed: cached and unknown sessions alike are unavailable at once, and no cached session is used', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.kill();
    await waitUntil(() => store.generation() === undefined, 1000);
    expect(await found(sessions, id)).toBe('unavailable');
    expect(await found(sessions, 'A'.repeat(43))).toBe('unavailable');
    await expectUnavailable(store);
    await expect(sessions.create(makeSession(Date.now()))).rejects.toThrow(StoreUnavailable);
    await expect(sessions.endUser('https://auth.example.com/', 'alice-sub')).rejects.toThrow(StoreUnavailable);
  });

  test('killed and restarted empty: the sessions are gone, new ones are made', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.kill();
    await server.start();
    await waitUntil(() => ready(store), 5000);
    expect(await found(sessions, id)).toBe('no');
    expect(await found(sessions, await createWarm(sessions))).toBe('yes');
  });

  test('killed and back with its records: no user is logged out', async () => {
    const server = closeLater(createRedisServer(await freePort(), ['--appendonly', 'yes', '--appendfsync', 'always']));
    await server.start();
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.kill();
    await server.start();
    await waitUntil(() => ready(store), 5000);
    expect(await found(sessions, id)).toBe('yes');
  });

  test('paused: every call ends within a second, a cached session is not used for long, and it recovers by itself', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    server.pause();
    await within(1200, expectUnavailable(store));
    expect(await found(sessions, id)).toBe('unavailable');
    // By now it is known to be unavailable: no call waits any more.
    await sleep(300);
    await within(300, expectUnavailable(store));
    server.resume();
    await waitUntil(() => ready(store), 3000);
    expect(await found(sessions, id)).toBe('yes');
  });

  test('slow: late answers are right answers', async () => {
    const server = closeLater(await startRedis());
    const { sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.command('CLIENT', 'PAUSE', '350', 'ALL');
    const [known, unknown, made] = await Promise.all([
      found(sessions, id),
      found(sessions, 'A'.repeat(43)),
      sessions.create(makeSession(Date.now())),
    ]);
    expect([known, unknown]).toEqual(['yes', 'no']);
    expect(await found(sessions, made)).toBe('yes');
  });

  test('what changed while a connection was silent is not overlooked', async () => {
    const server = closeLater(await startRedis());
    const here = await openReady(server.url);
    const there = await openReady(server.url);
    const id = await createWarm(here.sessions);
    expect(await found(there.sessions, id)).toBe('yes');
    server.pause();
    // One command, which the server carries out when it goes on.
    const ended = there.store.delete(sessionKey(id)).catch(() => 'late');
    await sleep(1500);
    server.resume();
    await ended;
    await waitUntil(async () => (await found(here.sessions, id)) === 'no', 3000);
  });

  test('emptied by FLUSHALL: known on all replicas at once', async () => {
    const server = closeLater(await startRedis());
    const { sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.command('FLUSHALL');
    await waitUntil(async () => (await found(sessions, id)) === 'no', 1000);
  });

  test('connections cut by the server: no session is lost, none is made up', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    for (let times = 0; times < 5; times++) {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
      expect(['yes', 'unavailable']).toContain(await found(sessions, id));
      await waitUntil(() => ready(store), 3000);
      expect(await found(sessions, id)).toBe('yes');
    }
  });

  test('a replica that takes no writes: it is not ready, and sessions are still read', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.command('REPLICAOF', '127.0.0.1', '1');
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await expect(sessions.create(makeSession(Date.now()))).rejects.toThrow(StoreUnavailable);
    expect(await found(sessions, id)).toBe('yes');
    await server.command('REPLICAOF', 'NO', 'ONE');
    await waitUntil(() => ready(store), 3000);
    await createWarm(sessions);
  });

  test('memory full: no new session, the old ones are found, and it is not ready', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await expect(sessions.create(makeSession(Date.now()))).rejects.toThrow(StoreUnavailable);
    expect(await found(sessions, id)).toBe('yes');
  });

  test('a wrong password: unavailable, not a crash', async () => {
    const server = closeLater(await startRedis(['--requirepass', 'right']));
    const { store } = open(server.url.replace('right', 'wrong'));
    await sleep(300);
    await expectUnavailable(store);
  });

  test('a cached session costs no command', async () => {
    const server = closeLater(await startRedis());
    const { sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    const gets = async () =>
      /cmdstat_m?get:calls=(\d+)/g[Symbol.match](String(await server.command('INFO', 'commandstats')));
    const before = await gets();
    for (let times = 0; times < 10_000; times++) sessions.find(id, 'grafana');
    expect(await gets()).toEqual(before);
  });

  test('sentinel: the master dies, and sessions go on with the replica', async () => {
    const { master, replica, sentinel, url } = await startSentinel();
    for (const server of [master, replica, sentinel]) closeLater(server);
    const { store, sessions } = await openReady(url);
    const id = await createWarm(sessions);
    await waitUntil(async () => ((await replica.command('KEYS', '*')) as string[]).length > 0);
    await master.kill();
    await waitUntil(async () => (await found(sessions, id)) === 'unavailable', 2000);
    await waitUntil(() => ready(store), 20_000);
    expect(await found(sessions, id)).toBe('yes');
    await sessions.endUser('https://auth.example.com/application/o/x/', 'alice-sub');
    expect(await found(sessions, id)).toBe('no');
  });

  const ISSUER = 'https://auth.example.com/application/o/grafana/';
  const userKeys = async (server: RedisServer) => ((await server.command('KEYS', '*u:*')) as string[]).length;

  /** Whether a session is found by anybody, asked again and again until `until` ends. */
  async function isEverFound(all: Sessions[], id: string, until: Promise<unknown>): Promise<boolean> {
    let ended = false;
    let ever = false;
    const end = until.then(() => {
      ended = true;
    });
    while (!ended) {
      for (const sessions of all) ever ||= (await found(sessions, id)) === 'yes';
      await sleep(5);
    }
    await end;
    return ever;
  }

  /** What the master writes from now on is not even in a buffer of the network. */
  async function goBehind(replica: RedisServer, master: RedisServer): Promise<void> {
    replica.pause();
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  // Attack: Redis saves a snapshot now and then. A stolen session that was signed out after the last one would open again.
  test('crashed, and back with an older snapshot: what was signed out stays so on every replica, at every moment', async () => {
    const server = closeLater(await startRedis());
    const here = await openReady(server.url);
    const there = await openReady(server.url);
    const [ended, single, kept] = [
      await createWarm(here.sessions),
      await createWarm(here.sessions, { sub: 'carol-sub', sid: 'carol' }),
      await createWarm(here.sessions, { sub: 'bob-sub', sid: 'bob' }),
    ];
    await server.command('SAVE');
    await here.sessions.endUser(ISSUER, 'alice-sub');
    await here.sessions.end(single);
    await server.kill();
    const restarted = server.start().then(async () => {
      for (const { store } of [here, there]) await waitUntil(() => ready(store), 8000);
      await sleep(300);
    });
    const both = [here.sessions, there.sessions];
    expect(await isEverFound(both, ended, restarted)).toBe(false);
    for (const sessions of both) {
      expect(await found(sessions, ended)).toBe('no');
      expect(await found(sessions, single)).toBe('no');
      expect(await found(sessions, kept)).toBe('yes');
    }
    const again = await there.sessions.create(makeSession(Date.now()), { since: await there.sessions.lastSignOut() });
    expect(await found(here.sessions, again)).toBe('yes');
  });

  test('a connection that is cut is made again at once: nothing was lost, and nobody is waited for', async () => {
    const server = closeLater(await startRedis());
    const { store, sessions } = await openReady(server.url);
    const id = await createWarm(sessions);
    // The id of the server is asked for once the store is in use.
    await sleep(300);
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await waitUntil(async () => !(await ready(store)), 1000);
    const since = performance.now();
    await waitUntil(() => ready(store), 5000);
    expect(performance.now() - since).toBeLessThan(900);
    expect(await found(sessions, id)).toBe('yes');
  });

  test('sentinel: a replica that has missed the last writes takes over, and a sign-out among them stays', async () => {
    const { master, replica, sentinel, url } = await startSentinel();
    for (const server of [master, replica, sentinel]) closeLater(server);
    const { store, sessions } = await openReady(url);
    const [ended, kept] = [await createWarm(sessions), await createWarm(sessions, { sub: 'bob-sub', sid: 'bob' })];
    await waitUntil(async () => (await userKeys(replica)) === 2);
    await goBehind(replica, master);
    await sessions.endUser(ISSUER, 'alice-sub');
    await master.kill();
    replica.resume();
    const restored = waitUntil(() => ready(store), 20_000);
    expect(await isEverFound([sessions], ended, restored)).toBe(false);
    expect(await found(sessions, ended)).toBe('no');
    expect(await found(sessions, kept)).toBe('yes');
  });

  test('cluster: a replica that has missed the last writes takes over, and a sign-out among them stays', async () => {
    const masters = await startCluster();
    const replicas = await addReplicas(masters);
    for (const node of [...masters, ...replicas]) closeLater(node);
    const { store, sessions } = await openReady(`redis://127.0.0.1:${masters[0]!.port}`);
    const ended = await createWarm(sessions);
    const counts = await Promise.all(masters.map(userKeys));
    const holder = counts.indexOf(1);
    await waitUntil(async () => (await userKeys(replicas[holder]!)) === 1);
    await goBehind(replicas[holder]!, masters[holder]!);
    await sessions.endUser(ISSUER, 'alice-sub');
    await masters[holder]!.kill();
    replicas[holder]!.resume();
    const restored = waitUntil(() => ready(store), 25_000);
    expect(await isEverFound([sessions], ended, restored)).toBe(false);
    expect(await found(sessions, ended)).toBe('no');
  });

  test('cluster, found by one of its nodes: a node dies and comes back', async () => {
    const nodes = await startCluster();
    for (const node of nodes) closeLater(node);
    const { store, sessions } = await openReady(`redis://127.0.0.1:${nodes[0]!.port}`);
    const id = await createWarm(sessions);
    await nodes[2]!.kill();
    await waitUntil(async () => (await found(sessions, id)) === 'unavailable', 2000);
    await nodes[2]!.start();
    await waitUntil(() => ready(store), 20_000);
    expect(['yes', 'no']).toContain(await found(sessions, id));
    await createWarm(sessions);
  });
});
