/** Makes sure that `redis` goes with the store's URL: what is given twice or has no use would mislead. */
import type { Report } from '../problems.ts';
import type { RedisSettings } from '../schema/redis.ts';
import { parseStoreUrl, type RedisAddress, type StoreAddress } from '../schema/store_url.ts';
import type { ValidConfig } from './types.ts';

/** The address, unless it has been reported already. */
function addressOf(store: string | undefined): StoreAddress | undefined {
  try {
    return store === undefined ? undefined : parseStoreUrl(store);
  } catch {
    return undefined;
  }
}

const TLS_KEYS = ['ca_file', 'cert_file', 'key_file', 'server_name'] as const;
const SENTINEL_KEYS = ['sentinel_username', 'sentinel_password'] as const;

function checkUsers(redis: RedisSettings, address: RedisAddress, problem: (key: string, why: string) => void): void {
  for (const key of ['username', 'password'] as const) {
    if (redis[key] !== undefined && address[key] !== undefined)
      problem(key, `is in the URL of store too: keep one of them`);
  }
  if (redis.username !== undefined && redis.password === undefined && address.password === undefined) {
    problem('username', 'needs a password: redis.password');
  }
  if (redis.sentinel_username !== undefined && redis.sentinel_password === undefined) {
    problem('sentinel_username', 'needs redis.sentinel_password');
  }
  for (const key of SENTINEL_KEYS) {
    if (redis[key] !== undefined && address.topology !== 'sentinel') {
      problem(key, 'is for a store with sentinels: redis+sentinel://…');
    }
  }
}

export function checkRedis({ store, redis }: ValidConfig, report: Report): void {
  const address = addressOf(store);
  if (redis === undefined || address?.kind !== 'redis') return;
  const problem = (key: string, why: string) => report(['redis', key], why);
  checkUsers(redis, address, problem);
  for (const key of TLS_KEYS) {
    // Attack: who names an authority takes the connection for a protected one, and the password would go in the clear.
    if (redis[key] !== undefined && !address.tls) problem(key, 'is for TLS: the store must be a rediss:// URL');
  }
  if (redis.cert_file !== undefined && redis.key_file === undefined) problem('cert_file', 'needs redis.key_file');
  if (redis.key_file !== undefined && redis.cert_file === undefined) problem('key_file', 'needs redis.cert_file');
}
