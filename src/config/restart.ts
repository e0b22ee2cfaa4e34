/** What of a new configuration can be taken while the process runs, and what has to wait for its next start. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema/config.ts';

export interface Plan {
  /** What is in force from now on. */
  config: Config;
  /** Keys whose new value needs a restart. */
  waiting: string[];
  /** Whether a secret was removed that is still good: without it the sessions that it has sealed would end. */
  keepsSecrets: boolean;
}

/** The secrets that can open sessions are no more, however often they are changed before a restart. */
const MAX_SECRETS = 16;

/**
 * Pure.
 * @param started what the process began with: its ports, processes and store stay
 * @param inForce what was in force until now
 * @param next what the file says
 */
export function planReload(started: Config, inForce: Config, next: Config): Plan {
  const { listen, workers, store, redis, log } = started;
  const removed = inForce.secret.filter((secret) => !next.secret.includes(secret));
  const secret = [...next.secret, ...removed].slice(0, Math.max(MAX_SECRETS, next.secret.length));
  const config = { ...next, listen, workers, store, redis, log: { ...next.log, format: log.format }, secret };
  const waiting = [
    ...(isDeepStrictEqual(listen, next.listen) ? [] : ['listen']),
    ...(workers === next.workers ? [] : ['workers']),
    ...(store === next.store ? [] : ['store']),
    ...(isDeepStrictEqual(redis, next.redis) ? [] : ['redis']),
    ...(log.format === next.log.format ? [] : ['log.format']),
  ];
  return { config: Object.freeze(config), waiting, keepsSecrets: removed.length > 0 };
}
