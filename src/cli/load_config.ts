/** The configuration that a command works with: that of the file, or in outpost mode what authentik says now. */
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import { readOutpostStart } from '../outpost/start.ts';
import { findConfigFile, optionalConfigFile } from './config_file.ts';
import type { Io } from './io.ts';

/**
 * @param named what `--config` names
 * @throws ConfigError; AuthentikApiError where authentik says nothing, and nothing was kept
 */
export async function loadCommandConfig(
  named: string | undefined,
  { env, error }: Pick<Io, 'env' | 'error'>,
): Promise<Config> {
  const start = await readOutpostStart({ file: optionalConfigFile(named, env), env });
  if (start === undefined) return loadConfig(findConfigFile(named, env), { env });
  const { config, outage } = await (await import('../outpost/read_once.ts')).readOutpostOnce(start);
  if (outage !== undefined) error(`gatepost: ${outage}; this is what authentik said last`);
  return config;
}
