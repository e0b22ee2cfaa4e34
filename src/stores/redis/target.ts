/** Where Redis is and what it takes to be let in: the store's URL and the keys of `redis` beside it. */
import { readFile } from 'node:fs/promises';
import type { RedisSettings } from '../../config/schema/redis.ts';
import type { RedisAddress, SentinelAddress } from '../../config/schema/store_url.ts';

interface Extras {
  sentinelUsername: string | undefined;
  sentinelPassword: string | undefined;
  caFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
  serverName: string | undefined;
  /** The beginning of every key. */
  prefix: string;
  /** The contents of the files, as they were before this connection. */
  tlsOptions: TlsOptions;
}

interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
}

export type RedisTarget = RedisAddress & Extras;
export type SentinelTarget = SentinelAddress & Extras;

export function redisTarget(address: RedisAddress, settings: RedisSettings): RedisTarget {
  return {
    ...address,
    username: address.username ?? settings.username,
    password: address.password ?? settings.password,
    sentinelUsername: settings.sentinel_username,
    sentinelPassword: settings.sentinel_password,
    caFile: settings.ca_file,
    certFile: settings.cert_file,
    keyFile: settings.key_file,
    serverName: settings.server_name,
    prefix: settings.prefix,
    tlsOptions: {},
  };
}

/** The target with the present contents of its files: certificates are renewed while the process runs. */
export async function withTlsFiles(target: RedisTarget): Promise<RedisTarget> {
  if (!target.tls) return target;
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file, 'utf8'));
  const [ca, cert, key] = await Promise.all([read(target.caFile), read(target.certFile), read(target.keyFile)]);
  const tlsOptions = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return { ...target, tlsOptions };
}
