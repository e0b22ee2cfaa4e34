/** Looks for every provider once after the start: a wrong issuer is to be in the log before the first visitor meets it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationConfig } from '../config/schema/config.ts';

/**
 * Milliseconds between two of the first ones, and of all others: authentik has an issuer for each application, all on one
 * server, and ten thousand looks must take nothing from the requests that come in meanwhile.
 */
const PAUSE_MS = 20;
const FIRST = 50;
const LONG_PAUSE_MS = 1000;

/** Waits for nobody's answer; what is found, or is not, is told by the provider's own notices. `stop` ends it early. */
export async function prefetchDiscovery(
  applications: readonly ApplicationConfig[],
  provider: (application: ApplicationConfig) => { readonly known: boolean },
  stop: AbortSignal,
): Promise<void> {
  const asked = new Set<string>();
  for (const application of applications) {
    if (stop.aborted || asked.has(application.issuer)) continue;
    asked.add(application.issuer);
    // To ask whether it is known begins to find out.
    void provider(application).known;
    const pause = asked.size < FIRST ? PAUSE_MS : LONG_PAUSE_MS;
    await sleep(pause, undefined, { ref: false, signal: stop }).catch(() => undefined);
  }
}
