/** Reads the certificates of a private authority from a file, for the configuration and for those who trust it. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const PEM_BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * The certificates of a file, each as PEM text; the file may be PEM, with text between them, or one certificate as DER.
 * @throws what reading the file throws
 * @returns an empty list where one of them is broken, or there is none
 */
export function readCertificates(file: string): string[] {
  const bytes = readFileSync(file);
  const blocks = bytes.toString('latin1').match(PEM_BLOCK);
  try {
    return (blocks ?? [bytes]).map((one) => new X509Certificate(one).toString());
  } catch {
    return [];
  }
}
