/** Opens the store that the configuration names. No other store takes its place when it is unavailable. */
import { DEFAULT_PREFIX, type RedisSettings } from '../config/schema/redis.ts';
import { parseStoreUrl, type StoreAddress } from '../config/schema/store_url.ts';
import type { Events } from '../observe/events.ts';
import { createLazyStore } from './lazy.ts';
import { createMemoryStore } from './memory.ts';
import { observeStore } from './observed.ts';
import { redisTarget } from './redis/target.ts';
import type { Store } from './store.ts';

const NO_SETTINGS: RedisSettings = { prefix: DEFAULT_PREFIX };

/**
 * Opens a store. This never waits and never fails for an outage: the store is then unavailable until it responds.
 * @param url `store` of the configuration
 * @param clocks `now`: milliseconds since the epoch; `elapsed`: milliseconds on a clock that nobody can set
 * @param events hears when the store becomes unavailable and available again
 * @param redis `redis` of the configuration
 * @throws TypeError an address that the configuration does not accept either
 */
export function openStore(
  url: string,
  { now, elapsed }: { now: () => number; elapsed: () => number },
  events: Events,
  redis: RedisSettings = NO_SETTINGS,
): Store {
  return observeStore(openAt(parseStoreUrl(url), { now, elapsed }, events, redis), events);
}

function openAt(
  address: StoreAddress,
  { now, elapsed }: { now: () => number; elapsed: () => number },
  events: Events,
  redis: RedisSettings,
): Store {
  switch (address.kind) {
    case 'memory':
      return createMemoryStore(elapsed);
    case 'file':
      return createLazyStore(async () =>
        (await import('./file/store.ts')).createFileStore(address.folder, now, events),
      );
    case 'redis':
      return createLazyStore(async () =>
        (await import('./redis/store.ts')).createRedisStore(redisTarget(address, redis), events),
      );
  }
}
