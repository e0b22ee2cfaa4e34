/** Loads the configuration together with what it is made of: its file, and the files that it names. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadConfig, type ParseOptions } from './load.ts';
import { ConfigError } from './problems.ts';
import type { Config } from './schema/config.ts';

/** The hash of what is in each file, by its path; or why it could not be read. */
export type FileHashes = ReadonlyMap<string, string>;

export interface LoadedConfig {
  config: Config;
  files: FileHashes;
}

/** It cannot be used. */
export interface RefusedConfig {
  error: ConfigError;
  files: FileHashes;
}

/** Files that are read at once: a configuration may name thousands. */
const PARALLEL = 32;

/** As `loadConfig`, but a configuration that cannot be used is a result. */
export async function loadWithSources(
  path: string,
  { env }: Pick<ParseOptions, 'env'> = {},
): Promise<LoadedConfig | RefusedConfig> {
  const named = new Set([resolve(path)]);
  const loaded = await loadConfig(path, { env, onFile: (file) => named.add(file) }).catch((error: unknown) => {
    if (error instanceof ConfigError) return { error };
    throw error;
  });
  const files = await hashFiles([...named]);
  return 'error' in loaded ? { error: loaded.error, files } : { config: loaded, files };
}

export async function hashFiles(paths: readonly string[]): Promise<FileHashes> {
  const hashes = new Map<string, string>();
  for (let start = 0; start < paths.length; start += PARALLEL) {
    const group = paths.slice(start, start + PARALLEL);
    const found = await Promise.all(group.map(hashFile));
    group.forEach((path, index) => {
      hashes.set(path, found[index] ?? '');
    });
  }
  return hashes;
}

/** Of this process alone. Attack: a reader of its memory tries short secrets against their plain hashes. */
const SALT = randomBytes(32);

async function hashFile(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(SALT)
      .update(await readFile(path))
      .digest('base64');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  }
}
