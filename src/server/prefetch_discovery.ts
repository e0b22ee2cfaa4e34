/**
 * Starts the discovery of each provider once after the start: a wrong issuer is to be in the log before the first user
 * meets it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { discoveryKey } from '../provider/index.ts';

/**
 * The pause between two of the first issuers, and between all others: authentik has an issuer for each application, all
 * on one server, and ten thousand attempts must take nothing from the requests that come in meanwhile.
 */
const PAUSE_MS = 20;
/** Milliseconds before the first of all: what a request to a provider needs loaded, the first answers do not wait for. */
const FIRST_PAUSE_MS = 100;
const FIRST_ISSUERS = 50;
const LONG_PAUSE_MS = 1000;

/**
 * Waits for no response: what is found, or is not, the provider reports to the log.
 * @param stop ends it early
 */
export async function prefetchDiscovery(
  applications: readonly ApplicationConfig[],
  provider: (application: ApplicationConfig) => { prefetch(): void },
  stop: AbortSignal,
): Promise<void> {
  const issuers = new Set<string>();
  const pause = (ms: number) => sleep(ms, undefined, { ref: false, signal: stop }).catch(() => undefined);
  await pause(FIRST_PAUSE_MS);
  for (const application of applications) {
    // authentik says all of them by itself.
    if (application.managed !== undefined) continue;
    const key = discoveryKey(application);
    if (stop.aborted || issuers.has(key)) continue;
    issuers.add(key);
    provider(application).prefetch();
    await pause(issuers.size < FIRST_ISSUERS ? PAUSE_MS : LONG_PAUSE_MS);
  }
}
