/** Whether a Redis can be reached, keeps its records, and tells of changes. */
import type { RedisSettings } from '../config/schema/redis.ts';
import type { RedisAddress } from '../config/schema/store_url.ts';
import { messageOf } from '../errors.ts';
import { queryEvictionPolicy } from '../stores/redis/advice.ts';
import { type Connection, connectRedis } from '../stores/redis/connect.ts';
import { withoutSecrets } from '../stores/redis/error_codes.ts';
import { lackOf } from '../stores/redis/protocol.ts';
import { redisTarget } from '../stores/redis/target.ts';
import type { Report } from './check.ts';

/** @returns whether a record can be tried */
export async function checkRedis(address: RedisAddress, settings: RedisSettings, report: Report): Promise<boolean> {
  const target = redisTarget(address, settings);
  const where = address.nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  try {
    const connection = await connectRedis(target, { lost() {}, invalidated() {} });
    report.ok('store.ping', `Redis answers at ${where}`);
    checkTracking(connection, report);
    await checkEviction(connection, report);
    connection.destroy();
    return true;
  } catch (error) {
    const secrets = [target.password, target.sentinelPassword];
    report.error(
      'store.ping',
      `Redis at ${where} cannot be used: ${messageOf(withoutSecrets(error, secrets))}`,
      'Look whether it runs, at the host, port and scheme (redis or rediss) of store, at the network between, and at its user, password and rights.',
    );
    return false;
  }
}

function checkTracking({ protocol }: Connection, report: Report) {
  const lack = lackOf(protocol);
  if (lack === undefined) return report.ok('store.tracking', 'Redis tells of changes: sessions are cached');
  report.warning(
    'store.tracking',
    lack,
    'Allow CLIENT TRACKING and HELLO to this user (ACL +client|tracking +hello), or use a Redis 6 or later without a proxy before it. It works without, and each request with a session asks Redis.',
  );
}

async function checkEviction(connection: Connection, report: Report): Promise<void> {
  const policy = await queryEvictionPolicy(connection);
  if (policy === 'noeviction') return report.ok('store.eviction', 'maxmemory-policy is noeviction');
  if (policy === undefined)
    return report.warning(
      'store.eviction',
      'Redis does not tell this user its maxmemory-policy: it could not be checked',
      'Look for yourself (CONFIG GET maxmemory-policy): it must be noeviction.',
    );
  report.warning(
    'store.eviction',
    `maxmemory-policy is ${policy}: when its memory is full, Redis forgets sessions, and users are logged out`,
    'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.',
  );
}
