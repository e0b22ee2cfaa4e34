/** Gatepost's version, as `package.json` has it. */
import { createRequire } from 'node:module';

/** Put in by `scripts/build-command.js`: the bundled command lies elsewhere than this file. */
declare const GATEPOST_VERSION: string | undefined;

/** `package.json` is beside `src` and `dist` alike. */
function readVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json');
  return version;
}

export const version: string = typeof GATEPOST_VERSION === 'string' ? GATEPOST_VERSION : readVersion();
