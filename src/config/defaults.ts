/** Defaults that come from other keys. */
import { createHash } from 'node:crypto';
import type { KeyPath } from './problems.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

/** What tells one application from another has no default. */
export const OWN_KEYS: readonly string[] = ['name', 'slug', 'external_host', 'hosts'];

/** What the top level gives to all applications, after `defaults`. */
const TOP_LEVEL_KEYS = ['allow_insecure_issuer', 'session_max_age', 'session_lifetime', 'session_idle', 'pages'];

/** Mappings that are joined key by key: what an application does not say of its pages, the whole site says. */
const JOINED_KEYS = ['pages'];

/** Where the value at a path of the configuration was written, when an application has it from elsewhere. */
export type Origin = (path: KeyPath) => KeyPath;

/**
 * Fills in, in place, an application's slug from its name, and what it takes over from `defaults` and the top level.
 *
 * @returns where a value came from: a mistake in `defaults` is one mistake, and at its own line
 */
export function fillDefaults(raw: RawMapping): Origin {
  const inherited = new Map<string, KeyPath>();
  if (Array.isArray(raw.applications)) {
    for (const [index, application] of raw.applications.entries()) {
      if (!isMapping(application)) continue;
      for (const path of inherit(application, raw.defaults)) inherited.set(idOf(index, path), ['defaults', ...path]);
      for (const path of inherit(application, topLevel(raw))) inherited.set(idOf(index, path), path);
      if (application.slug === undefined) application.slug = slugOr(application.name, `unnamed-${index}`);
    }
  }
  return (path) => {
    const [top, index, ...inside] = path;
    if (top !== 'applications') return path;
    // The longer one first: `pages` may come from one place, and a key of it from another.
    const length = [2, 1].find((count) => inside.length >= count && inherited.has(idOf(index, inside.slice(0, count))));
    const from = length === undefined ? undefined : inherited.get(idOf(index, inside.slice(0, length)));
    return from ? [...from, ...inside.slice(length)] : path;
  };
}

const idOf = (index: string | number | undefined, path: KeyPath) => [index, ...path].join('.');

function topLevel(raw: RawMapping): RawMapping {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => TOP_LEVEL_KEYS.includes(key)));
}

/** The keys that the application took over, and those within a mapping that was joined. */
function inherit(application: RawMapping, defaults: Raw | undefined): KeyPath[] {
  if (!isMapping(defaults)) return [];
  const joined = JOINED_KEYS.flatMap((key) => join(application, key, defaults[key]));
  const keys = Object.keys(defaults).filter((key) => !OWN_KEYS.includes(key) && application[key] === undefined);
  for (const key of keys) application[key] = defaults[key] ?? null;
  return [...joined, ...keys.map((key) => [key])];
}

/** A mapping that another application may have too is replaced, not changed. */
function join(application: RawMapping, key: string, defaults: Raw | undefined): KeyPath[] {
  const own = application[key];
  if (!isMapping(own) || !isMapping(defaults)) return [];
  application[key] = { ...defaults, ...own };
  return Object.keys(defaults)
    .filter((name) => own[name] === undefined)
    .map((name) => [key, name]);
}

/** Without a name, the name is what is reported. */
function slugOr(name: Raw | undefined, fallback: string): string {
  return typeof name === 'string' && name ? slugOf(name) : fallback;
}

/** `Père Noël's Files (2)` is `pere-noel-s-files-2`; a name without Latin letters and digits is known by a hash. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-|-$/g, '');
  return slug || `app-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
