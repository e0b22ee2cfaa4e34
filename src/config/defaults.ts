/** Defaults that come from other keys. */
import { createHash } from 'node:crypto';
import { isMapping, type RawMapping } from './yaml/raw.ts';

/** Fills in, in place, an application's slug from its name, and what it takes over from the top level. */
export function fillDefaults(raw: RawMapping): void {
  if (!Array.isArray(raw.applications)) return;
  for (const [index, application] of raw.applications.entries()) {
    if (!isMapping(application)) continue;
    const { name } = application;
    // Without a name, the name is what is reported.
    if (application.slug === undefined)
      application.slug = typeof name === 'string' && name ? slugOf(name) : `unnamed-${index}`;
    if (typeof raw.allow_insecure_issuer === 'string') application.allow_insecure_issuer ??= raw.allow_insecure_issuer;
  }
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
