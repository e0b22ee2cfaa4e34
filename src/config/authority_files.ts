/** Makes sure that `issuer_ca_file` can be used: a wrong one is to be found at the start, and not by the first user. */
import { resolve } from 'node:path';
import { readCertificates } from './certificate_file.ts';
import type { Report } from './problems.ts';
import { whyUnreadable } from './secrets.ts';
import { isMapping, type RawMapping } from './yaml/raw.ts';

/**
 * Makes the paths absolute, in place, and reports the files that cannot be read or hold no certificate, each once: many
 * applications may name the same.
 * @param folder that a relative path starts from
 */
export function checkAuthorityFiles(raw: RawMapping, folder: string, report: Report): void {
  if (!Array.isArray(raw.applications)) return;
  const seen = new Set<string>();
  for (const [index, application] of raw.applications.entries()) {
    if (!isMapping(application) || typeof application.issuer_ca_file !== 'string') continue;
    // An empty one is reported by the schema.
    if (application.issuer_ca_file === '') continue;
    const file = resolve(folder, application.issuer_ca_file);
    application.issuer_ca_file = file;
    if (seen.has(file)) continue;
    seen.add(file);
    const problem = problemOf(file);
    if (problem) report(['applications', index, 'issuer_ca_file'], `names ${file}, which ${problem}`);
  }
}

function problemOf(file: string): string | undefined {
  try {
    return readCertificates(file).length > 0 ? undefined : 'holds no certificate that can be read (PEM)';
  } catch (error) {
    return whyUnreadable(error);
  }
}
