/** Defaults that come from other keys. */
import { isMapping, type RawMapping } from './raw.ts';

/** Fills in, in place, an application's slug from its name, and what it takes over from the top level. */
export function fillDefaults(raw: RawMapping): void {
  if (!Array.isArray(raw.applications)) return;
  for (const application of raw.applications) {
    if (!isMapping(application)) continue;
    if (typeof application.name === 'string') application.slug ??= slugOf(application.name);
    if (typeof raw.allow_insecure_issuer === 'string') application.allow_insecure_issuer ??= raw.allow_insecure_issuer;
  }
}

/** `Père Noël's Files (2)` is `pere-noel-s-files-2`. Empty where a name has neither Latin letters nor digits. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-|-$/g, '');
}
