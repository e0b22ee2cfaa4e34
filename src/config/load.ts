/** Loads the configuration: the whole of it is right, or every problem is reported. */
import { DEFAULT_NAME, type Inspection, inspectFile, inspectText, type ParseOptions } from './inspect.ts';
import { ConfigError } from './problems.ts';
import type { Config } from './schema/config.ts';

export type { ParseOptions } from './inspect.ts';
export { ConfigError } from './problems.ts';

/**
 * Reads and validates a configuration file.
 *
 * @returns as `parseConfig` does
 * @throws ConfigError with all problems, each with key, line and what is allowed
 */
export async function loadConfig(path: string, options: Pick<ParseOptions, 'env' | 'onFile'> = {}): Promise<Config> {
  return configOf(path, await inspectFile(path, options));
}

/**
 * Validates the text of a configuration. Reads the files that `<key>_file` names, and nothing else.
 *
 * @returns a snapshot: neither it nor anything in it can be changed
 * @throws ConfigError as `loadConfig` does
 */
export function parseConfig(text: string, options: ParseOptions = {}): Config {
  return configOf(options.file ?? DEFAULT_NAME, inspectText(text, options));
}

function configOf(file: string, { config, errors }: Inspection): Config {
  if (!config) throw new ConfigError(file, errors);
  return config;
}
