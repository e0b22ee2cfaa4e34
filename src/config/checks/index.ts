/** Runs the checks that look at more than one key. Each is named by what it makes sure of. */
import type { Report } from '../problems.ts';
import { checkApplication } from './application.ts';
import { checkCookieNames } from './cookie_names.ts';
import { checkDuplicates } from './duplicates.ts';
import { checkProcess } from './process.ts';
import { checkRedis } from './redis.ts';
import type { ValidConfig } from './types.ts';

export function checkConfig(config: ValidConfig, report: Report): void {
  checkProcess(config, report);
  checkRedis(config, report);
  checkDuplicates(config.applications, report);
  checkCookieNames(config.applications, report);
  for (const [slug, override] of Object.entries(config.outpost?.overrides ?? {}))
    checkApplication(override, (path, message) => report(['outpost', 'overrides', slug, ...path], message));
  config.applications.forEach((application, index) => {
    checkApplication(application, (path, message) => report(['applications', index, ...path], message));
  });
}
