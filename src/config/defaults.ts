/** Defaults that come from other keys. */
import { createHash } from 'node:crypto';
import type { KeyPath } from './problems.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

/** What tells one application from another has no default. */
export const OWN_KEYS: readonly string[] = ['name', 'slug', 'external_host', 'hosts'];

/** What the top level gives to all applications, after `defaults`. */
const TOP_LEVEL_KEYS = ['allow_insecure_issuer', 'session_max_age', 'session_lifetime', 'session_idle'];

/** Where the value at a path of the configuration was written, when an application has it from elsewhere. */
export type Origin = (path: KeyPath) => KeyPath;

/**
 * Fills in, in place, an application's slug from its name, and what it takes over from `defaults` and the top level.
 *
 * @returns where a value came from: a mistake in `defaults` is one mistake, and at its own line
 */
export function fillDefaults(raw: RawMapping): Origin {
  const inherited = new Map<string, string[]>();
  if (Array.isArray(raw.applications)) {
    for (const [index, application] of raw.applications.entries()) {
      if (!isMapping(application)) continue;
      for (const key of inherit(application, raw.defaults)) inherited.set(`${index}.${key}`, ['defaults', key]);
      for (const key of inherit(application, topLevel(raw))) inherited.set(`${index}.${key}`, [key]);
      if (application.slug === undefined) application.slug = slugOr(application.name, `unnamed-${index}`);
    }
  }
  return (path) => {
    const [top, index, key, ...rest] = path;
    const from = top === 'applications' ? inherited.get(`${index}.${key}`) : undefined;
    return from ? [...from, ...rest] : path;
  };
}

function topLevel(raw: RawMapping): RawMapping {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => TOP_LEVEL_KEYS.includes(key)));
}

/** The keys that the application took over. */
function inherit(application: RawMapping, defaults: Raw | undefined): string[] {
  if (!isMapping(defaults)) return [];
  const keys = Object.keys(defaults).filter((key) => !OWN_KEYS.includes(key) && application[key] === undefined);
  for (const key of keys) application[key] = defaults[key] ?? null;
  return keys;
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
