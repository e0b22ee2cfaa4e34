/** Judges a configuration as it was read: fills in what it points to, validates every key, and says all that is wrong. */
import { createRequire } from 'node:module';
import type * as z from 'zod';
import { fillDefaults } from './defaults.ts';
import { formatKey, type KeyPath, type Report } from './problems.ts';
import { application } from './schema/application.ts';
import { type Config, config } from './schema/config.ts';
import { keysAt } from './schema/walk.ts';
import { readSecretFiles, substituteVariables, type ValueSources } from './secrets.ts';
import type { RawMapping } from './yaml/raw.ts';

/** Needed only to say what somebody may have meant. */
const require = createRequire(import.meta.url);

/** The configuration, or `undefined` after at least one problem was reported. `raw` is changed. */
export function validateConfig(raw: RawMapping, { env, folder }: ValueSources, report: Report): Config | undefined {
  const blamed = new Set<string>();
  const blame: Report = (path, message) => {
    blamed.add(formatKey(path).replace(/_file$/, ''));
    report(path, message);
  };
  substituteVariables(raw, env, blame);
  readSecretFiles(raw, folder, blame);
  fillDefaults(raw);
  // A parser that is generated as code takes longer to compile than one configuration takes to read.
  const result = config.safeParse(raw, { jitless: true });
  if (result.success) return blamed.size === 0 ? result.data : undefined;
  for (const issue of result.error.issues) {
    const path = existing(raw, issue.path as KeyPath);
    if (issue.code === 'unrecognized_keys') reportUnknown(path, issue, report);
    // A reference that leads nowhere has been reported; what came of it is no second mistake.
    else if (!blamed.has(formatKey(path))) report(path, issue.message);
  }
  return undefined;
}

/** The path as far as the file has it: a text that stands for a list has no items to point to. */
function existing(raw: unknown, path: KeyPath): KeyPath {
  let at = raw;
  for (const [index, part] of path.entries()) {
    if (typeof at !== 'object' || at === null) return path.slice(0, index);
    at = (at as Record<string | number, unknown>)[part];
  }
  return path;
}

function reportUnknown(path: KeyPath, { keys }: z.core.$ZodIssueUnrecognizedKeys, report: Report): void {
  const known = keysAt(config, path);
  for (const key of keys) report([...path, key], `is an unknown key${hint(key, known, path.length === 0)}`);
}

function hint(key: string, known: string[], top: boolean): string {
  const { closest, distance } = require('fastest-levenshtein') as typeof import('fastest-levenshtein');
  const plain = key.toLowerCase().replaceAll('-', '_');
  const nearest = closest(plain, known);
  if (distance(plain, nearest) <= Math.max(1, nearest.length / 4)) return `; did you mean ${nearest}?`;
  if (top && Object.hasOwn(application.shape, key)) return '; it belongs to an application';
  if (!top && keysAt(config, []).includes(key)) return '; it belongs to the top level';
  return ` (allowed: ${known.join(', ')})`;
}
