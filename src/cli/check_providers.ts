/** `gatepost check --providers`: fetches the metadata of each provider and says what is wrong with it. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, GatepostError } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { allowsHttp, createDiscovery } from '../provider/discovery.ts';
import type { Io } from './io.ts';

/** One line for each issuer. Resolves with whether all of them can be used. */
export async function checkProviders(
  applications: readonly ApplicationConfig[],
  { out }: Pick<Io, 'out'>,
): Promise<boolean> {
  const byIssuer = new Map(applications.map((application) => [application.issuer, application]));
  const checks = [...byIssuer.values()].map(async ({ issuer, allow_insecure_issuer }) => {
    try {
      const insecure = allowsHttp(issuer, allow_insecure_issuer);
      await createDiscovery({ issuer, insecure, now: Date.now, events: createEvents() }).metadata();
      out(`the OpenID provider ${issuer} answers`);
      return true;
    } catch (error) {
      if (!(error instanceof GatepostError)) throw error;
      out(causeOf(error));
      return false;
    }
  });
  return (await Promise.all(checks)).every(Boolean);
}
