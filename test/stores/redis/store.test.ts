import { setTimeout as sleep } from 'node:timers/promises';
import { createEvents } from '../../../src/observe/events.ts';
import { openStore } from '../../../src/stores/open.ts';
import { type Place, storeConformance } from '../store.conformance.ts';
import { hasRedis, type RedisServer, startCluster, startRedis, startSentinel } from './server.ts';

/** What `SCAN` and `GET` show to an attacker who has broken into the servers. */
async function dumpOf(servers: RedisServer[]): Promise<string> {
  const rows: unknown[] = [];
  for (const server of servers) {
    const keys = (await server.command('KEYS', '*')) as string[];
    for (const key of keys.toSorted()) rows.push([key, await server.command('GET', key)]);
  }
  return JSON.stringify(rows);
}

function placeAt(url: string, servers: RedisServer[], others: RedisServer[] = []): Place {
  return {
    open: () => openStore(url, { now: Date.now, elapsed: () => performance.now() }, createEvents()),
    now: Date.now,
    pass: (ms) => sleep(ms),
    dump: () => dumpOf(servers),
    async close() {
      for (const server of [...others, ...servers]) await server.stop();
    },
  };
}

if (hasRedis()) {
  storeConformance('redis, one server with a password', async () => {
    const server = await startRedis(['--requirepass', 'p@ss:w/rd']);
    return placeAt(server.url, [server]);
  });

  storeConformance('redis, a cluster of three', async () => {
    const nodes = await startCluster();
    return placeAt(`redis+cluster://${nodes.map((node) => `127.0.0.1:${node.port}`).join(',')}`, nodes);
  });

  storeConformance('redis, a master found by a sentinel', async () => {
    const { master, replica, sentinel, url } = await startSentinel();
    return placeAt(url, [master], [sentinel, replica]);
  });
}
