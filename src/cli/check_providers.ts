/** `gatepost check --providers`: fetches the metadata of each provider and says what is wrong with it. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, GatepostError } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { createDiscoveries } from '../provider/discoveries.ts';
import { discoveryKey } from '../provider/index.ts';
import type { Io } from './io.ts';

/** One line for each provider. Resolves with whether all of them can be used. */
export async function checkProviders(
  applications: readonly ApplicationConfig[],
  { out }: Pick<Io, 'out'>,
): Promise<boolean> {
  const discoveryOf = createDiscoveries({ elapsed: () => performance.now(), events: createEvents() });
  const byKey = new Map(applications.map((application) => [discoveryKey(application), application]));
  const checks = [...byKey.values()].map(async (application) => {
    try {
      await discoveryOf(application).metadata();
      out(`the OpenID provider ${application.issuer} answers`);
      return true;
    } catch (error) {
      if (!(error instanceof GatepostError)) throw error;
      out(causeOf(error));
      return false;
    }
  });
  return (await Promise.all(checks)).every(Boolean);
}
