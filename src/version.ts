/** Gatepost's version, as `package.json` has it. */
import { createRequire } from 'node:module';

/** Put in by `scripts/build-command.js`: the bundled command lies elsewhere than this file. */
declare const GATEPOST_VERSION: string | undefined;

/** `package.json` is beside `src` and `dist` alike. */
function readVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json');
  return version;
}

/**
 * `1.4.0` of `1.4.0-rc.1`: authentik compares versions as PEP 440 has them, and one that it cannot read takes the health
 * of the whole outpost down.
 */
export function releaseOf(of: string): string {
  return /^\d+\.\d+\.\d+/.exec(of)?.[0] ?? '0.0.0';
}

export const version: string = typeof GATEPOST_VERSION === 'string' ? GATEPOST_VERSION : readVersion();
