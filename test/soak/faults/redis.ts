/** A Redis that is killed, loses its last writes, is silent, full, or cannot save. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../../stores/redis/server.ts';
import { waitUntil } from '../../support/wait.ts';
import type { Load } from '../load.ts';
import type { World } from '../world.ts';
import { type Fault, HEAL_MS, inSeconds } from './fault.ts';

type Work = (redis: RedisServer, world: World, load: Load) => Promise<string>;

const redisFault = (name: string, work: Work): Fault => ({
  name,
  stores: ['redis'],
  healMs: HEAL_MS,
  makesUnavailable: true,
  run: (world, load) => work(world.redis!, world, load),
});

const LOST_TAIL = 'its login was in the tail that Redis lost';
/** A write follows the provider's answer by less. */
const WRITING_MS = 1000;

/** Logins after the snapshot are lost. Sign-outs and refreshes are not: the processes write them again. */
const lostTail = redisFault('redis-lost-tail', async (redis, world, load) => {
  const { random, ledger } = world;
  const savedAt = performance.now() - WRITING_MS;
  await redis.command('SAVE');
  const ms = random.between(500, 2500);
  await Promise.all([sleep(ms), load.act('a sign-out', 2), load.act('a logout token by sub', 1)]);
  await redis.kill();
  const doubtLogins = () => {
    for (const session of ledger.sessions()) if (session.madeAt >= savedAt) ledger.doubt(session, LOST_TAIL);
  };
  doubtLogins();
  const downMs = random.between(0, 3000);
  await sleep(downMs);
  await redis.start();
  // Their answers may have been under way.
  doubtLogins();
  return `kill -9 of Redis, back ${inSeconds(downMs)} later without the writes of the last ${inSeconds(ms)}`;
});

const restart = redisFault('redis-restart', async (redis, { random }) => {
  // It ends with the command, so that no answer comes.
  await redis.command('SHUTDOWN', 'SAVE').catch(() => undefined);
  await redis.kill();
  const downMs = random.between(0, 3000);
  await sleep(downMs);
  await redis.start();
  return `Redis stopped in order, back ${inSeconds(downMs)} later with all its data`;
});

const pause = redisFault('redis-pause', async (redis, { random }) => {
  const ms = random.between(300, 6000);
  const kind = random.pick(['ALL', 'WRITE'])!;
  await redis.command('CLIENT', 'PAUSE', String(ms), kind);
  await sleep(ms);
  return `CLIENT PAUSE ${kind} for ${inSeconds(ms)}`;
});

const cut = redisFault('redis-cut', async (redis) => {
  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  return 'CLIENT KILL of all connections';
});

const freeze = redisFault('redis-freeze', async (redis, { random }) => {
  const ms = random.between(300, 8000);
  redis.pause();
  await sleep(ms);
  redis.resume();
  return `SIGSTOP of Redis for ${inSeconds(ms)}`;
});

const full = redisFault('redis-full', async (redis, { random }) => {
  const ms = random.between(2000, 8000);
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  await sleep(ms);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  return `the memory of Redis full (noeviction) for ${inSeconds(ms)}`;
});

/** A folder in the place of the snapshot: Redis cannot save, and refuses writes with `MISCONF`. */
const cannotSave = redisFault('redis-misconf', async (redis, { random }) => {
  const [, folder] = (await redis.command('CONFIG', 'GET', 'dir')) as string[];
  const snapshot = join(folder!, 'dump.rdb');
  const isRefused = async () => {
    const reply = await redis.command('SET', 'somebody-else', '1', 'PX', '1000').then(String, String);
    return /MISCONF/.test(reply);
  };
  const ms = random.between(2000, 8000);
  rmSync(snapshot, { force: true });
  mkdirSync(snapshot);
  await redis.command('CONFIG', 'SET', 'save', '1 1');
  await waitUntil(isRefused, 20_000);
  await sleep(ms);
  rmSync(snapshot, { recursive: true });
  await redis.command('CONFIG', 'SET', 'save', '');
  await redis.command('BGSAVE');
  await waitUntil(async () => !(await isRefused()), 20_000);
  return `Redis cannot save and refuses writes (MISCONF) for ${inSeconds(ms)}`;
});

export const redisFaults = [lostTail, restart, pause, cut, freeze, full, cannotSave];
