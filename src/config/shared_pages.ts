/** Lets applications that have the same `pages` share one object. */
import type { PagesConfig } from './schema/pages.ts';

/**
 * In place. A worker is sent the configuration: each mapping once, but each text as often as it stands there. A logo that
 * ten thousand applications have from the top level would be 400 MB.
 */
export function sharePages<Owner extends { pages: PagesConfig }>(owners: readonly Owner[]): void {
  const logos = new Map<string | undefined, number>();
  const known = new Map<string, PagesConfig>();
  for (const owner of owners) {
    const { logo, ...others } = owner.pages;
    // A number for a text of 40 KiB, which would be written and hashed for each of them.
    const logoNumber = logos.get(logo) ?? logos.size;
    logos.set(logo, logoNumber);
    const key = JSON.stringify([logoNumber, others]);
    const first = known.get(key);
    if (first) owner.pages = first;
    else known.set(key, owner.pages);
  }
}
