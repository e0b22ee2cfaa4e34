/** Settings that work but are hardly meant: logged at the start and printed by `gatepost check`. */
import { hostnameOf, isUnderDomain, wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import { formatKey, type Report } from '../problems.ts';
import type { Config } from '../schema/config.ts';
import { DEFAULT_PREFIX } from '../schema/redis.ts';
import { warnOfClientAuth } from './client_auth.ts';
import { warnOfCookie } from './cookie.ts';
import { warnOfCookieNames } from './cookie_names.ts';
import { warnOfNeededScopes } from './needed_scopes.ts';
import { warnOfOpenNetworks } from './open_networks.ts';
import { warnOfOpenRules } from './open_rules.ts';
import { warnOfPlaceholders, warnOfVariables } from './placeholders.ts';
import { warnOfPlainHttp } from './plain_http.ts';
import { warnOfRuleHosts } from './rule_hosts.ts';
import { warnOfSessionTimes } from './session_times.ts';

/** How many of them the log of a start has. */
const MOST_LINES = 50;

/** Sentences such as `applications[0].cookie_domain is …`. */
export function configWarnings(config: Config): string[] {
  const warnings: string[] = [];
  warnOf(config, (path, message) => warnings.push(`${formatKey(path)} ${message}`));
  return warnings;
}

/** As `configWarnings`, for a log: a mistake in `defaults` shows in each of ten thousand applications. */
export function fewWarnings(config: Config): string[] {
  const all = configWarnings(config);
  const left = all.length - MOST_LINES;
  return left > 0 ? [...all.slice(0, MOST_LINES), `${left} more warnings: gatepost check shows them`] : all;
}

/** Reports everything that is valid but hardly meant, each with its key and what to do. */
export function warnOf(config: Config, report: Report): void {
  const { applications, store, redis } = config;
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
  warnOfVariables(config, report);
  warnOfPlaceholders(config, report);
  warnOfOpenNetworks(config, report);
  warnOfOpenRules(applications, report);
  warnOfRuleHosts(applications, report);
  warnOfNeededScopes(applications, report);
  warnOfPlainHttp(applications, report);
  warnOfAnyTenant(applications, report);
  warnOfCookieNames(applications, report);
  warnOfCookie(applications, report);
  warnOfHosts(applications, report);
  warnOfClientAuth(applications, report);
  warnOfSessionTimes(applications, report);
}

function warnOfHosts(applications: Config['applications'], report: Report): void {
  applications.forEach(({ hosts, mode, cookie_domain }, index) => {
    if (mode !== 'forward_domain' || cookie_domain === undefined) return;
    hosts.forEach((address, at) => {
      if (!isUnderDomain(hostnameOf(hostOf(wildcardParent(address) ?? address)), cookie_domain)) return;
      const why = `is under cookie_domain (${cookie_domain}) already: listed here, it has a cookie and a login of its own`;
      report(['applications', index, 'hosts', at], why);
    });
  });
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
