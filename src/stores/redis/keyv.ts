/** Keyv over Redis: raw values, on one server and on a cluster, with errors thrown. */
import KeyvRedis, { type RedisClientConnectionType } from '@keyv/redis';
import { Keyv } from 'keyv';
import type { Client, Cluster } from './client.ts';

/**
 * Redis keeps the expiry itself: Keyv's own envelope goes by the machine's clock and costs 40 bytes a record.
 * `throwOnErrors`: without it Keyv responds "not found" when the store is unavailable, and all users would be logged
 * out.
 */
export function openKeyv(client: Client | Cluster): Keyv<string> {
  // The adapter's types know no client with a fixed protocol version; it takes any.
  const adapter = new KeyvRedis(client as RedisClientConnectionType, {
    throwOnErrors: true,
    throwOnConnectError: true,
    // DEL is the same for small values, and a right that the scripts need anyway.
    useUnlink: false,
  });
  const keyv = new Keyv<string>(adapter, {
    throwOnErrors: true,
    useKeyPrefix: false,
    serialize: (data) => data.value as string,
    deserialize: <T>(data: string) => ({ value: data as T, expires: undefined }),
  });
  keyv.namespace = undefined;
  return keyv;
}
