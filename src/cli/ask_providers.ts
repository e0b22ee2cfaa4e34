/** `gatepost check --providers`: asks each provider what Gatepost would ask it first, and says what is wrong with the answer. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, type GatepostError } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { allowsHttp, createDiscovery } from '../provider/discovery.ts';
import type { Io } from './io.ts';

/** One line for each issuer. Resolves with whether all of them can be used. */
export async function checkProviders(
  applications: readonly ApplicationConfig[],
  { out }: Pick<Io, 'out'>,
): Promise<boolean> {
  const byIssuer = new Map(applications.map((application) => [application.issuer, application]));
  const asked = [...byIssuer.values()].map(async ({ issuer, allow_insecure_issuer }) => {
    const insecure = allowsHttp(issuer, allow_insecure_issuer);
    try {
      await createDiscovery({ issuer, insecure, now: Date.now, events: createEvents() }).metadata();
      out(`the OpenID provider ${issuer} answers`);
      return true;
    } catch (error) {
      out(causeOf(error as GatepostError));
      return false;
    }
  });
  return (await Promise.all(asked)).every(Boolean);
}
