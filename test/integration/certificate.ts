/** A certificate authority of our own and a certificate for the sites, made anew for each run. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../support/tools.ts';

export interface Certificate {
  /** Paths of PEM files: the certificate with its authority's, its key, and both in one (HAProxy). */
  chain: string;
  key: string;
  both: string;
  /** For clients: the authority's certificate. */
  ca: string;
  /** For Chromium: the hash of the certificate's public key. */
  spki: string;
  remove(): void;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Node can read certificates but not make them, so openssl does. `hosts` are all names that the certificate is good for. */
export function makeCertificate(hosts: string[]): Certificate {
  const openssl = findTool('openssl') ?? 'openssl';
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-certificate-'));
  const path = (name: string) => join(directory, name);
  const read = (name: string) => readFileSync(path(name), 'utf8');
  const run = (...parameters: string[]) => execFileSync(openssl, parameters, { cwd: directory, stdio: 'pipe' });
  run('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Gatepost tests', '-keyout', 'ca.key', '-out', 'ca.pem');
  run('req', '-new', ...newKey, '-subj', '/CN=sites', '-keyout', 'site.key', '-out', 'site.csr');
  writeFileSync(path('names'), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}\n`);
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  run('x509', '-req', '-in', 'site.csr', ...signed, '-out', 'site.pem');
  writeFileSync(path('chain.pem'), read('site.pem') + read('ca.pem'));
  writeFileSync(path('both.pem'), read('chain.pem') + read('site.key'));
  const publicKey = new X509Certificate(read('site.pem')).publicKey.export({ type: 'spki', format: 'der' });
  return {
    chain: path('chain.pem'),
    key: path('site.key'),
    both: path('both.pem'),
    ca: read('ca.pem'),
    spki: createHash('sha256').update(publicKey).digest('base64'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
