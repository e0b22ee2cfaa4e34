/** Replaces references by their values: `${NAME}` from the environment, `<key>_file` from a file. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KeyPath, Report } from './problems.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

/** Where the values come from. */
export interface ValueSources {
  env: Record<string, string | undefined>;
  /** The folder that a relative `<key>_file` starts from. */
  folder: string;
  /** Is told the path of each file that the configuration names. */
  onFile?: ((path: string) => void) | undefined;
}

/**
 * Replaces references in every scalar, in place. This happens after the YAML was parsed, so a value with a colon or a
 * line break stays one value. Attack: a variable that another party fills would otherwise add keys.
 */
export function substituteVariables(raw: RawMapping, env: ValueSources['env'], report: Report): void {
  // An alias shows the same list or mapping twice; a second pass would take a value for a reference.
  const seen = new Set<object>();
  const replaceIn = (node: Raw, path: KeyPath): Raw => {
    if (typeof node === 'string') return node.includes('${') ? substitute(node, env, (why) => report(path, why)) : node;
    if (node === null || seen.has(node)) return node;
    seen.add(node);
    const children: [string | number, Raw][] = Array.isArray(node) ? [...node.entries()] : Object.entries(node);
    for (const [key, child] of children) (node as Record<string | number, Raw>)[key] = replaceIn(child, [...path, key]);
    return node;
  };
  replaceIn(raw, []);
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;
const REFERENCE_FORM = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

function substitute(text: string, env: ValueSources['env'], problem: (why: string) => void): string {
  return text.replace(REFERENCE, (whole, inner: string | undefined) => {
    if (inner === undefined) return '${';
    const [, name, fallback] = (whole.endsWith('}') && REFERENCE_FORM.exec(inner)) || [];
    if (name === undefined || fallback?.includes('${')) {
      problem('has a reference that is neither ${NAME} nor ${NAME:-default}; write $${ for ${ itself');
      return '';
    }
    const value = env[name];
    if (fallback !== undefined && !value) return fallback;
    if (value === undefined) problem(`needs the environment variable ${name}, which is not set`);
    return value ?? '';
  });
}

const APPLICATION_SECRETS = ['client_secret', 'client_key'];

/**
 * Reads `<key>_file` for the keys that may be secret, in place: at the top level, in `redis`, `outpost` and `defaults`,
 * and in each application.
 */
export function readSecretFiles(raw: RawMapping, folder: string, report: Report): void {
  const { redis, outpost, defaults } = raw;
  for (const key of ['secret', 'store']) readSecretFile(raw, key, folder, [], report);
  if (isMapping(redis)) {
    for (const key of ['password', 'sentinel_password']) readSecretFile(redis, key, folder, ['redis'], report);
  }
  if (isMapping(outpost)) readSecretFile(outpost, 'token', folder, ['outpost'], report);
  const readAll = (owner: Raw | undefined, path: KeyPath) => {
    for (const key of APPLICATION_SECRETS) if (isMapping(owner)) readSecretFile(owner, key, folder, path, report);
  };
  readAll(defaults, ['defaults']);
  if (!Array.isArray(raw.applications)) return;
  raw.applications.forEach((application, index) => {
    readAll(application, ['applications', index]);
  });
}

function readSecretFile(owner: RawMapping, key: string, folder: string, path: KeyPath, report: Report): void {
  const pointer = owner[`${key}_file`];
  if (pointer === undefined) return;
  delete owner[`${key}_file`];
  const problem = (why: string) => report([...path, `${key}_file`], why);
  if (owner[key] !== undefined) {
    problem(`and ${key} exclude each other: keep one of them`);
    return;
  }
  // Empty unless the file can be read: checks that need this key must not see its default.
  owner[key] = '';
  const files = Array.isArray(pointer) && key === 'secret' ? pointer : [pointer];
  if (files.length === 0 || !files.every((file) => typeof file === 'string' && file !== '')) {
    problem(`must be the path of a file that holds ${key}`);
    return;
  }
  const contents = files.map((file) => readTrimmed(resolve(folder, String(file)), problem));
  if (!contents.every((content) => content !== undefined)) return;
  const [first = ''] = contents;
  owner[key] = Array.isArray(pointer) ? contents : first;
}

function readTrimmed(file: string, problem: (why: string) => void): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    problem(`names ${file}, which ${whyUnreadable(error)}`);
    return undefined;
  }
}

/** The end of a sentence about a file that could not be read. */
export function whyUnreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user (permissions)';
  if (code === 'EISDIR') return 'is a folder, not a file';
  return `cannot be read (${code ?? 'unknown error'})`;
}
