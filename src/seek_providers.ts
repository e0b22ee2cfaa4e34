/** Looks for every provider once after the start: a wrong issuer is to be in the log before the first visitor meets it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationConfig } from './config/schema.ts';

/** Milliseconds between two: authentik has an issuer for each application, and they are all the same server. */
const PAUSE = 20;

/** Waits for nobody's answer; what is found, or is not, is told by the provider's own notices. `stop` ends it early. */
export async function seekProviders(
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
    await sleep(PAUSE, undefined, { ref: false, signal: stop }).catch(() => undefined);
  }
}
