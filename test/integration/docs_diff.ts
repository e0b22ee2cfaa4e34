/** Applies the diffs of one section of a page in docs/proxies, as an operator would. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changesOf } from '../../src/cli/snippet/docs_diff.ts';
import type { Site } from './proxy.ts';

const pages = fileURLToPath(new URL('../../docs/proxies', import.meta.url));

/** Makes of a site's plain files those for where TLS ends; before the placeholders are filled in. */
export function applyFront(site: Site, page: string, files: Record<string, string>): void {
  if (site.tls) applyDiffs(site, page, 'https and HTTP/2', files);
  if (site.balanced) applyDiffs(site, page, 'Behind a load balancer that ends TLS', files);
}

/** `files`: which file of the site a shipped one has become. */
export function applyDiffs(site: Site, page: string, section: string, files: Record<string, string>): void {
  const text = readFileSync(join(pages, page), 'utf8');
  for (const { file, change } of changesOf(text, (heading) => heading === section)) {
    const path = join(site.directory, files[file] ?? `no copy of ${file}`);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }
}
