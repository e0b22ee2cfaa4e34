/** Settings that work but are hardly meant: logged at the start and printed by `gatepost check`. */
import { formatKey, type Report } from '../problems.ts';
import type { Config } from '../schema/config.ts';
import { DEFAULT_PREFIX } from '../schema/redis.ts';
import { warnOfClientAuth } from './client_auth.ts';
import { warnOfCookieNames } from './cookie_names.ts';
import { warnOfSessionTimes } from './session_times.ts';

/** Sentences such as `applications[0].cookie_domain is …`. */
export function configWarnings({ applications, store, redis }: Config): string[] {
  const warnings: string[] = [];
  const report: Report = (path, message) => warnings.push(`${formatKey(path)} ${message}`);
  const { prefix, ...others } = redis;
  if (!/^redis/i.test(store) && (prefix !== DEFAULT_PREFIX || Object.keys(others).length > 0)) {
    report(['redis'], 'is for a store in Redis; this one is another, so it has no effect');
  }
  applications.forEach(({ mode, cookie_domain }, index) => {
    if (mode !== 'forward_single' || cookie_domain === undefined) return;
    report(
      ['applications', index, 'cookie_domain'],
      'is for mode: forward_domain; with forward_single the cookie is for the host alone',
    );
  });
  warnOfAnyTenant(applications, report);
  warnOfCookieNames(applications, report);
  warnOfClientAuth(applications, report);
  warnOfSessionTimes(applications, report);
  return warnings;
}

function warnOfAnyTenant(applications: Config['applications'], report: Report): void {
  applications.forEach(({ allowed_issuers }, index) => {
    if (!allowed_issuers.some((one) => one.includes('{tenantid}'))) return;
    report(
      ['applications', index, 'allowed_issuers'],
      'has {tenantid}: the users of every tenant of the provider can log in, strangers too, unless a rule names who may',
    );
  });
}
