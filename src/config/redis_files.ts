/** Looks at the PEM files that `redis` names: what cannot be used is said at the start, not at the first connection. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Report } from './problems.ts';
import { whyUnreadable } from './secrets.ts';
import { isMapping, type RawMapping } from './yaml/raw.ts';

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

function readCertificates(pem: string): X509Certificate[] {
  const certificates = (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
  if (certificates.length === 0) throw new TypeError('no certificate');
  return certificates;
}

/** What `read` makes of the file of `redis.<key>`; `undefined` after a problem was reported, or where there is none. */
function readPem<T>(
  redis: RawMapping,
  key: string,
  wanted: string,
  read: (pem: string) => T,
  report: Report,
): T | undefined {
  const file = redis[key];
  if (typeof file !== 'string' || file === '') return undefined;
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    report(['redis', key], `names ${file}, which ${whyUnreadable(error)}`);
    return undefined;
  }
  try {
    return read(pem);
  } catch {
    report(['redis', key], `names ${file}, which holds no ${wanted} in PEM`);
    return undefined;
  }
}

/** Makes the paths whole, in place, and reads the files once. */
export function checkRedisFiles(raw: RawMapping, folder: string, report: Report): void {
  const { redis } = raw;
  if (!isMapping(redis)) return;
  for (const key of ['ca_file', 'cert_file', 'key_file']) {
    const file = redis[key];
    if (typeof file === 'string' && file !== '') redis[key] = resolve(folder, file);
  }
  readPem(redis, 'ca_file', 'certificate', readCertificates, report);
  const certificates = readPem(redis, 'cert_file', 'certificate', readCertificates, report);
  const key = readPem(redis, 'key_file', 'private key without a passphrase', createPrivateKey, report);
  if (key !== undefined && certificates?.[0]?.checkPrivateKey(key) === false) {
    report(['redis', 'key_file'], 'is not the key of the first certificate in cert_file');
  }
}
