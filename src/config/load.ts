/** Loads the configuration: the whole of it is right, or every problem is reported. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freeze } from './freeze.ts';
import { ConfigError, type ConfigProblem, formatKey, type KeyPath } from './problems.ts';
import type { Config } from './schema/config.ts';
import { type ValueSources, whyUnreadable } from './secrets.ts';
import { validateConfig } from './validate.ts';
import { isMapping, type Raw } from './yaml/raw.ts';
import { readYaml } from './yaml/read.ts';

export { ConfigError } from './problems.ts';

export interface ParseOptions {
  /** Where `${NAME}` is looked up; the process's own environment where it is left out. */
  env?: ValueSources['env'] | undefined;
  /** The name that errors give to the file, and where a relative `<key>_file` starts from. */
  file?: string | undefined;
  /** Is told the path of each file that the configuration names, also where it is wrong. */
  onFile?: ((path: string) => void) | undefined;
}

/**
 * Reads and validates a configuration file.
 *
 * @returns as `parseConfig` does
 * @throws ConfigError with all problems, each with key, line and what is allowed
 */
export async function loadConfig(
  path: string,
  { env, onFile }: Pick<ParseOptions, 'env' | 'onFile'> = {},
): Promise<Config> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ConfigError(path, [{ key: '', line: 0, message: `the configuration file ${whyUnreadable(error)}` }]);
  }
  return parseConfig(decode(bytes, path), { env, file: path, onFile });
}

/**
 * Validates the text of a configuration. Reads the files that `<key>_file` names, and nothing else.
 *
 * @returns a snapshot: neither it nor anything in it can be changed
 * @throws ConfigError as `loadConfig` does
 */
export function parseConfig(text: string, options: ParseOptions = {}): Config {
  const { env = process.env, file = 'gatepost.yaml', onFile } = options;
  const { raw, problems: mistakes, lineOf } = readYaml(text);
  if (mistakes.length > 0) throw new ConfigError(file, inOrder(mistakes));
  if (!isMapping(raw)) throw new ConfigError(file, [{ key: '', line: 0, message: whatElse(raw) }]);
  const problems: ConfigProblem[] = [];
  const config = validateConfig(raw, { env, folder: dirname(file), onFile }, (path: KeyPath, message) => {
    problems.push({ key: formatKey(path), line: lineOf(path), message });
  });
  if (!config) throw new ConfigError(file, inOrder(problems));
  return freeze(config);
}

function whatElse(raw: Raw): string {
  if (raw === null) return 'the file is empty: it needs at least secret and applications';
  return `the file must be a mapping of keys to values (secret: …), not ${Array.isArray(raw) ? 'a list' : 'one text'}`;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(path, [{ key: '', line: 0, message: 'the configuration file is not UTF-8 text' }]);
  }
}

/** In the order of the file. */
function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.sort((one, other) => one.line - other.line);
}
