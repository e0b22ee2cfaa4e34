/** The variables of authentik's outposts, and Gatepost's own beside them: each may be, or point to, its value. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Report } from '../problems.ts';
import { type ValueSources, whyUnreadable } from '../secrets.ts';
import { isMapping, type RawMapping } from '../yaml/raw.ts';

export const VARIABLES = [
  'AUTHENTIK_HOST',
  'AUTHENTIK_TOKEN',
  'AUTHENTIK_INSECURE',
  'AUTHENTIK_HOST_BROWSER',
  'AUTHENTIK_LISTEN__HTTP',
  'AUTHENTIK_LISTEN__METRICS',
  'AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS',
  'AUTHENTIK_LOG_LEVEL',
  'GATEPOST_SECRET',
  'GATEPOST_STORE',
] as const;

export type Variable = (typeof VARIABLES)[number];

/** Those that are set and not empty: authentik's integrations set some to nothing. A wrong one, once reported, is ''. */
export type Values = Partial<Record<Variable, string>>;

/** A value that is in a file; `fallback` where that cannot be read. */
export interface FileReference {
  path: string;
  fallback: string | undefined;
}

type Reference = { file: FileReference } | { env: { name: string; fallback: string | undefined } };

const FILE = /^file:(?:\/\/)?(\/[^?]*)(?:\?([\s\S]*))?$/i;
const ENV = /^env:\/\/([^/?#]+)\/?(?:\?([\s\S]*))?$/i;

/** What authentik reads a value as: `file:///path`, `env://NAME`, each with `?fallback`; else it is the value itself. */
export function parseReference(value: string): Reference | undefined {
  const [, path, instead] = FILE.exec(value) ?? [];
  if (path !== undefined) return { file: { path: decode(path), fallback: instead } };
  const [, name, fallback] = ENV.exec(value) ?? [];
  return name === undefined ? undefined : { env: { name, fallback } };
}

/** RFC 3986 section 2.1. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The file that the value of a variable is in. */
export function fileOfVariable(variable: Variable, env: ValueSources['env']): FileReference | undefined {
  const reference = parseReference(env[variable] ?? '');
  if (!reference || !('file' in reference)) return undefined;
  return variable === 'GATEPOST_STORE' && isStoreFolder(reference.file) ? undefined : reference.file;
}

/** `GATEPOST_STORE=file:///var/lib/gatepost` is a store in a folder; only a file can hold the address of one. */
function isStoreFolder({ path, fallback }: FileReference): boolean {
  if (fallback !== undefined) return false;
  try {
    return !statSync(path).isFile();
  } catch {
    // It is made at the start, or the store says why it cannot be.
    return true;
  }
}

/** Reports references that lead nowhere. */
export function readVariables(env: ValueSources['env'], report: Report, onFile?: ValueSources['onFile']): Values {
  const values: Values = {};
  for (const name of VARIABLES) {
    const file = fileOfVariable(name, env);
    if (file) onFile?.(file.path);
    let isWrong = false;
    const problem = (message: string) => {
      isWrong = true;
      report([name], message);
    };
    const value = file ? readFile(file, problem) : follow(env[name] ?? '', env, problem);
    if (value !== '' || isWrong) values[name] = value;
  }
  return values;
}

/** One alone; empty where it is not set, or leads nowhere. */
export function readVariable(name: Variable, env: ValueSources['env']): string {
  const file = fileOfVariable(name, env);
  return file ? readFile(file, () => {}) : follow(env[name] ?? '', env, () => {});
}

/** The file that the token stands in, and the key or variable that names it: it may change. */
export type TokenFile = FileReference & { from: string };

/** @param raw with its references replaced, before the files are read that its keys name */
export function findTokenFile(
  { outpost }: RawMapping,
  { env, folder }: Pick<ValueSources, 'env' | 'folder'>,
  values: Values,
): TokenFile | undefined {
  if (values.AUTHENTIK_TOKEN !== undefined) {
    const file = fileOfVariable('AUTHENTIK_TOKEN', env);
    return file && { ...file, from: 'AUTHENTIK_TOKEN' };
  }
  const named = isMapping(outpost) ? outpost.token_file : undefined;
  if (typeof named !== 'string' || named === '') return undefined;
  return { path: resolve(folder, named), fallback: undefined, from: 'outpost.token_file' };
}

/** The content without the white space around it. */
function readFile({ path, fallback }: FileReference, problem: (message: string) => void): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (fallback === undefined) problem(`names ${path}, which ${whyUnreadable(error)}`);
    return fallback ?? '';
  }
}

function follow(value: string, env: ValueSources['env'], problem: (message: string) => void): string {
  const reference = parseReference(value);
  if (!reference || !('env' in reference)) return value;
  const { name, fallback } = reference.env;
  const found = env[name] ?? fallback;
  if (found === undefined) problem(`names the environment variable ${name}, which is not set`);
  return found ?? '';
}
