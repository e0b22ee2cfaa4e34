/** The rows of `gatepost explain` in words. */
import type { Rule } from '../access/rule.ts';
import type { AccessRules } from '../access/rules.ts';
import type { Application } from '../decision/application.ts';
import { namesAuthEndpoint } from '../decision/auth_endpoint.ts';
import { ruleRequest } from '../decision/authorize.ts';
import { describeCriterion } from '../decision/criterion.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { type RuleTrace, traceRules } from '../decision/trace.ts';
import { BROWSER_ENDPOINTS, endpointPath } from '../endpoints.ts';
import { hostOf } from '../http/url.ts';
import type { User } from '../identity.ts';

export type Row = [label: string, value: string];

/** Exactly these pass without a rule. */
const OWN_PAGES = BROWSER_ENDPOINTS.map(endpointPath);

/** A user whose name was not given. With an empty one nobody is let in. */
export const UNNAMED = 'a user without name';

export function describeUser({ username, email, groups }: User): string {
  const parts = [username || UNNAMED, email, groups.length > 0 && `groups ${groups.join(', ')}`];
  return parts.filter(Boolean).join(', ');
}

export function describeApplication({ config }: Application, index: number, host: string): string {
  const exact = hostOf(config.external_host) === host;
  return `${config.name}: applications[${index}] (${config.slug}), by ${exact ? 'external_host' : `cookie_domain ${config.cookie_domain}`}`;
}

/** The rule that decides, or several of which the strictest does, and how each rule of the application was compared. */
export function describeRules(request: AuthRequest, { rules }: Application, user: User | undefined): Row[] {
  const { path } = request.url;
  if (namesAuthEndpoint(request)) return [['rule', 'none: the endpoints for proxies are closed to every client']];
  if (OWN_PAGES.includes(path.raw)) return [['rule', 'none: the pages of the login are open to every client']];
  const compared = ruleRequest(request);
  const rows = rules.match(compared).map((rule): Row => ['rule', describeRule(rule, rules)]);
  if (path.ambiguous) {
    rows.push(['', describeReadings(rules.readings(path.raw))]);
  }
  const lines = traceRules(rules, compared, user).flatMap(describeTrace);
  return [...rows, ...lines.map((line, index): Row => [index === 0 ? 'trace' : '', line])];
}

/** Which rules a path that can be read in several ways meets. */
function describeReadings(readings: readonly string[]): string {
  if (readings.length === 0) {
    return 'The path can be read in too many ways: no pattern opens it, and every rule that closes must be satisfied.';
  }
  const list = readings.map((reading) => JSON.stringify(reading)).join(', ');
  return `The path can be read as ${list}: a rule opens it only where it matches each, and the strictest rule decides.`;
}

function describeTrace({ rule, policy, matched, decides, criteria }: RuleTrace): string[] {
  const state = decides ? 'decides' : matched ? 'matches, but another rule decides' : 'does not match';
  const lines = criteria.map((one) => `  ${describeCriterion(one)} (${one.matched ? 'yes' : 'no'})`);
  return [`${rule} (${policy}) ${state}`, ...lines];
}

function describeRule({ name, policy }: Rule, { list }: AccessRules): string {
  const source = list.find((rule) => rule.name === name)?.source;
  return `${name}: ${policy}${source === undefined ? '' : `, ${JSON.stringify(source)}`}`;
}

export function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return `let through ${decision.subject ? 'with identity' : 'without identity'}`;
    case 'sign_in':
      return `sign in first (${decision.reason}): ${decision.loginUrl}`;
    case 'forbid':
      return `refused (${decision.reason}): ${decision.message}`;
    case 'unknown_host':
      return `refused (unknown_host): no application for ${[decision.host, ...decision.known].join(', only for ')}`;
    case 'rate_limited':
      return 'refused (rate_limited)';
    case 'uri_too_long':
    case 'headers_too_large':
      return `refused (${decision.kind})`;
    case 'invalid_request':
      return `refused (configuration_error): ${decision.message}`;
    case 'unavailable':
      return `refused (${decision.reason})`;
  }
}
