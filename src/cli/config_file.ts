/** Finds the configuration file of a command. */
import { statSync } from 'node:fs';
import { ConfigError } from '../config/problems.ts';
import type { Io } from './io.ts';

/** Where a configuration is looked for when nobody names one: in the current folder, then for the whole machine. */
export const DEFAULT_FILES = ['gatepost.yaml', '/etc/gatepost/gatepost.yaml'] as const;

/**
 * The file of `--config`, else of `$GATEPOST_CONFIG`, else the first of `files` that is there. A file that is named is
 * taken whether it is there or not: another one in its place would be a surprise.
 *
 * @param named what `--config` names
 * @throws ConfigError where nothing is named and none is there
 */
export function findConfigFile(
  named: string | undefined,
  env: Io['env'],
  files: readonly string[] = DEFAULT_FILES,
): string {
  const file = optionalConfigFile(named, env, files);
  if (file !== undefined) return file;
  const looked = files.map((one) => (one.startsWith('/') ? one : `${one} in this folder`)).join(' nor ');
  const message = `there is none: --config and $GATEPOST_CONFIG name no file, and neither ${looked} exists; gatepost init writes a first one`;
  throw new ConfigError('the configuration file', [{ key: '', line: 0, message }]);
}

/** As `findConfigFile`, for a command that may go on without a file: the environment can say all of it. */
export function optionalConfigFile(
  named: string | undefined,
  env: Io['env'],
  files: readonly string[] = DEFAULT_FILES,
): string | undefined {
  return named ?? (env.GATEPOST_CONFIG || files.find(isThere));
}

/** A file that this user may not look at is there: reading it says what is wrong. */
function isThere(file: string): boolean {
  try {
    return statSync(file) !== undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
