/** The store that the configuration names. There is no other in its place when it is away. */
import { fileURLToPath } from 'node:url';
import type { Events } from '../observe/events.ts';
import { createLazyStore } from './lazy.ts';
import { createMemoryStore } from './memory.ts';
import { parseRedisUrl } from './redis/url.ts';
import type { Store } from './store.ts';

/**
 * `memory`, `file:///folder` or an address of Redis (redis_url.ts); throws `TypeError` for anything else. Opening never waits
 * and never fails: a store that is away is unavailable until it is there. `events` hears when it goes and comes.
 */
export function openStore(store: string, now: () => number, events?: Events): Store {
  if (store === 'memory') return createMemoryStore(now);
  if (/^file:/i.test(store)) {
    const folder = fileURLToPath(store);
    return createLazyStore(async () => (await import('./file/store.ts')).createFileStore(folder, now, events));
  }
  if (/^rediss?[:+]/i.test(store)) {
    const address = parseRedisUrl(store);
    return createLazyStore(async () => (await import('./redis/store.ts')).createRedisStore(address, events));
  }
  throw new TypeError('a store is memory, file:///folder, redis://… or rediss://…');
}
