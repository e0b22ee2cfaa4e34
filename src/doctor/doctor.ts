/** Everything that `gatepost doctor` tries, for one application or for all. */
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { checkAuthorization } from './authorization.ts';
import { type Check, createReport } from './check.ts';
import { checkClient } from './client.ts';
import { checkDiscovery } from './discovery.ts';
import { checkIntrospection } from './introspection.ts';
import { checkMetadata } from './metadata.ts';
import { checkStore } from './store.ts';
import { checkThrough } from './through/through.ts';

/** Applications whose providers are asked at the same time. */
const AT_ONCE = 8;

export interface DoctorOptions {
  config: Config;
  /** The applications whose providers are tried. */
  applications: readonly ApplicationConfig[];
  through?: { application: ApplicationConfig; url: URL; direct: URL } | undefined;
}

/** Never throws for what is wrong: that is what it reports. */
export async function diagnose({ config, applications, through }: DoctorOptions): Promise<Check[]> {
  const byApplication = await inTurns(applications, checkProvider);
  const checks = byApplication.flat();
  await checkStore(config, createReport(checks));
  if (through) {
    const { application, url, direct } = through;
    await checkThrough({ config, application, through: url, direct }, createReport(checks, application.slug));
  }
  return checks;
}

async function checkProvider(application: ApplicationConfig): Promise<Check[]> {
  const checks: Check[] = [];
  const report = createReport(checks, application.slug);
  const found = await checkDiscovery(application, report);
  if (found === undefined) return checks;
  const proof = await checkClient(application, found.metadata, report);
  await checkAuthorization(application, found, proof, report);
  checkMetadata(application, found.metadata, report);
  await checkIntrospection(application, found.metadata, report);
  return checks;
}

/** The results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}
