/** Applies the diffs of one section of a page in docs/proxies, as an operator would. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Site } from './proxy.ts';

const pages = fileURLToPath(new URL('../../docs/proxies', import.meta.url));

const side = (hunk: string[], other: '+' | '-') =>
  hunk.flatMap((line) => (line.startsWith(other) ? [] : `${line.slice(1)}\n`)).join('');

/** Makes of a site's plain files those for where TLS ends; before the placeholders are filled in. */
export function applyFront(site: Site, page: string, files: Record<string, string>): void {
  if (site.tls) applyDiffs(site, page, 'https and HTTP/2', files);
  if (site.balanced) applyDiffs(site, page, 'Behind a load balancer that ends TLS', files);
}

/**
 * `files`: which file of the site a shipped one has become. A diff is `--- file`, `+++ file` and hunks with `…` between
 * them; a hunk that fits nowhere is an error, one that fits twice (two hosts) is applied twice.
 */
export function applyDiffs(site: Site, page: string, section: string, files: Record<string, string>): void {
  const text = readFileSync(join(pages, page), 'utf8');
  const part = text.split(/^## /m).find((one) => one.startsWith(`${section}\n`)) ?? '';
  const fences = [...part.matchAll(/^```diff\n--- (.+)\n\+\+\+ \1\n([\s\S]*?)^```$/gm)];
  if (fences.length === 0) throw new Error(`${page} has no diff in "${section}"`);
  for (const [, shipped = '', body = ''] of fences) {
    const path = join(site.directory, files[shipped] ?? `no copy of ${shipped}`);
    let filled = readFileSync(path, 'utf8');
    for (const hunk of body.trimEnd().split('\n…\n')) {
      const lines = hunk.split('\n');
      const before = side(lines, '+');
      if (!filled.includes(before)) throw new Error(`${page}: nothing in ${shipped} is\n${before}`);
      filled = filled.replaceAll(before, side(lines, '-'));
    }
    writeFileSync(path, filled);
  }
}
