/** Chromium for the logins: one for all tests, a new context (no cookies) for each case. */
import { type Browser, chromium } from 'playwright-core';

/** `spki`: the hash of the public key of a certificate that it shall take for a good one. */
export function startChromium(executablePath: string, spki?: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      ...(spki ? [`--ignore-certificate-errors-spki-list=${spki}`] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // *.localhost is loopback to Chromium anyway; this keeps everything else on this machine too.
      '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}
