/** `gatepost check --providers`: fetches the metadata of each provider and says what is wrong with it. */
import type { ConfigProblem } from '../config/problems.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, GatepostError } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { createDiscoveries } from '../provider/discoveries.ts';
import { discoveryKey } from '../provider/index.ts';

export interface ProviderAnswer {
  issuer: string;
  /** Of the first application with this provider; `undefined` where it can be used. */
  problem: ConfigProblem | undefined;
}

/** Each provider once, whatever number of applications has it. */
export function checkProviders(applications: readonly ApplicationConfig[]): Promise<ProviderAnswer[]> {
  const discoveryOf = createDiscoveries({ elapsed: () => performance.now(), events: createEvents() });
  const firstOf = new Map<string, number>();
  for (const [index, application] of applications.entries()) {
    // What authentik says of its own providers is known already.
    if (application.managed !== undefined) continue;
    const key = discoveryKey(application);
    if (!firstOf.has(key)) firstOf.set(key, index);
  }
  const asked = [...firstOf.values()].flatMap((index) => {
    const application = applications[index];
    return application ? [{ index, application }] : [];
  });
  return Promise.all(
    asked.map(async ({ index, application }) => {
      const { issuer } = application;
      try {
        await discoveryOf(application).metadata();
        return { issuer, problem: undefined };
      } catch (error) {
        if (!(error instanceof GatepostError)) throw error;
        return { issuer, problem: { key: `applications[${index}].issuer`, line: 0, message: causeOf(error) } };
      }
    }),
  );
}
