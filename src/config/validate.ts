/**
 * Validates a configuration as it was read: fills in what it points to, validates every key, and reports all problems.
 */
import { createRequire } from 'node:module';
import type * as z from 'zod';
import { checkAuthorityFiles } from './authority_files.ts';
import { checkConfig } from './checks/index.ts';
import { fillDefaults, type Origin, OWN_KEYS } from './defaults.ts';
import { readLogoFiles } from './logo_files.ts';
import { findNamedFiles } from './named_files.ts';
import { type Filled, fillFromEnvironment } from './outpost/environment.ts';
import { findTokenFile, readVariables, type TokenFile } from './outpost/variables.ts';
import { formatKey, type KeyPath, type Report } from './problems.ts';
import { checkRedisFiles } from './redis_files.ts';
import { application } from './schema/application.ts';
import { APPLICATIONS, type Config, config } from './schema/config.ts';
import { JITLESS } from './schema/scalars.ts';
import { keysAt } from './schema/walk.ts';
import { readSecretFiles, substituteVariables, type ValueSources } from './secrets.ts';
import { sharePages } from './shared_pages.ts';
import { validValues } from './valid_values.ts';
import type { RawMapping } from './yaml/raw.ts';

/** Needed only to suggest a key for one that is unknown. */
const require = createRequire(import.meta.url);

export interface Validation {
  /** `undefined` after at least one problem was reported. */
  config: Config | undefined;
  /** Where a value was written: in `defaults`, perhaps, or as a text that stands for a list, or in a variable. */
  place(path: KeyPath): KeyPath;
  /** In outpost mode alone. */
  outpost: OutpostReading | undefined;
}

/** What outpost mode has to know beside the values of the configuration. */
export type OutpostReading = Omit<Filled, 'variableOf'> & { tokenFile: TokenFile | undefined };

export interface ValidateSources extends ValueSources {
  /** Outpost mode, though the configuration has no `outpost`: the environment has it. */
  outpost?: boolean | undefined;
}

/** Reports all problems. `raw` is changed. */
export function validateConfig(raw: RawMapping, sources: ValidateSources, report: Report): Validation {
  let problems = 0;
  const count: Report = (path, message) => {
    problems += 1;
    report(path, message);
  };
  const unresolved = new Set<string>();
  const reportUnresolved: Report = (path, message) => {
    unresolved.add(formatKey(path).replace(/_file$/, ''));
    count(path, message);
  };
  const { origin, outpost } = complete(raw, sources, reportUnresolved);

  // A reference that leads nowhere has been reported; what came of it is no second mistake.
  const reported = new Set<string>();
  const place = (path: KeyPath) => outpost?.variableOf(path) ?? existing(raw, origin(path));
  const reportValue: Report = (path, message) => {
    const at = place(path);
    const problem = `${formatKey(at)}: ${message}`;
    if (unresolved.has(formatKey(at)) || reported.has(problem)) return;
    reported.add(problem);
    count(at, message);
  };
  const { data, error } = config.safeParse(raw, JITLESS);
  for (const issue of error?.issues ?? []) {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    if (issue.code === 'unrecognized_keys') reportUnknown(existing(raw, path), issue, origin, count);
    else reportValue(path, issue.message);
  }
  if (data) sharePages([data, ...data.applications]);
  checkConfig(data ?? validValues(raw), reportValue);
  if (!outpost) checkSomeApplication(raw, reportValue);
  return { config: problems === 0 ? data : undefined, place, outpost };
}

/** Fills in, in place, all that a configuration points to or takes from elsewhere. */
function complete(raw: RawMapping, sources: ValidateSources, report: Report): { origin: Origin; outpost: Outpost } {
  const { env, folder, onFile } = sources;
  const isOutpost = sources.outpost === true || Object.hasOwn(raw, 'outpost');
  const variables = isOutpost ? readVariables(env, report, onFile) : undefined;
  substituteVariables(raw, variables ? { ...env, ...variables } : env, report);
  if (onFile) findNamedFiles(raw, folder, onFile);
  const tokenFile = variables && findTokenFile(raw, sources, variables);
  readSecretFiles(raw, folder, report);
  readLogoFiles(raw, folder, report);
  const filled = variables && fillFromEnvironment(raw, variables, report);
  const origin = fillDefaults(raw);
  checkRedisFiles(raw, folder, report);
  checkAuthorityFiles(raw, folder, (path, message) => report(origin(path), message));
  return { origin, outpost: filled && { ...filled, tokenFile } };
}

type Outpost = (Filled & OutpostReading) | undefined;

/** Where authentik has none to add, a list of none protects nothing. */
function checkSomeApplication({ applications }: RawMapping, report: Report): void {
  if (Array.isArray(applications) && applications.length === 0)
    report(['applications'], `must not be empty: must be ${APPLICATIONS}`);
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

function reportUnknown(
  path: KeyPath,
  { keys }: z.core.$ZodIssueUnrecognizedKeys,
  origin: Origin,
  report: Report,
): void {
  const known = keysAt(config, path);
  for (const key of keys) {
    const at = [...path, key];
    // `defaults` itself reports it.
    if (origin(at) === at) report(at, `is an unknown key${hint(key, known, path)}`);
  }
}

function hint(key: string, known: string[], path: KeyPath): string {
  const { closest, distance } = require('fastest-levenshtein') as typeof import('fastest-levenshtein');
  const plain = key.toLowerCase().replaceAll('-', '_');
  const nearest = closest(plain, known);
  if (distance(plain, nearest) <= Math.max(1, nearest.length / 4)) return `; did you mean ${nearest}?`;
  const top = path.length === 0;
  if (path[0] === 'defaults' && OWN_KEYS.includes(key)) return ': each application has its own';
  if (top && Object.hasOwn(application.shape, key)) return '; it belongs to an application, or in defaults for all';
  if (!top && keysAt(config, []).includes(key)) return '; it belongs to the top level';
  return ` (allowed: ${known.join(', ')})`;
}
