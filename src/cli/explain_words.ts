/** The words in which `gatepost explain` says what it found. */
import type { Rule } from '../access/rule.ts';
import type { Application } from '../decision/application.ts';
import { ruleRequest } from '../decision/authorize.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { describeCriterion, type RuleTrace, traceRules } from '../decision/trace.ts';
import { PREFIX } from '../endpoints.ts';
import type { User } from '../identity.ts';

type Row = [label: string, value: string];

export function describePerson({ username, email, groups }: User): string {
  const parts = [username || 'a user without name', email, groups.length > 0 && `groups ${groups.join(', ')}`];
  return parts.filter(Boolean).join(', ');
}

export function describeApplication({ config }: Application, index: number, host: string): string {
  const exact = new URL(config.external_host).host === host;
  return `${config.name}: applications[${index}] (${config.slug}), by ${exact ? 'external_host' : `cookie_domain ${config.cookie_domain}`}`;
}

/** The rule that decides, or the strictest of several. */
export function describeRules(request: AuthRequest, { rules, config }: Application): Row[] {
  const { path } = request.url;
  if (path.raw.startsWith(`${PREFIX}/`)) {
    return [['rule', "none for the login's own pages; the rules of the application for what else is below them"]];
  }
  const rows = rules.match(ruleRequest(request)).map((rule): Row => ['rule', describeRule(rule, config)]);
  if (path.ambiguous)
    rows.push(['', 'The path can be read in several ways: no rule opens it, and the strictest decides.']);
  return rows;
}

/** Every rule, with the reason why it is about the request or not, and whom it wants. */
export function describeTrace(request: AuthRequest, { rules }: Application, user: User | undefined): Row[] {
  return traceRules(rules, ruleRequest(request), user).map((trace, index) => [
    index === 0 ? 'trace' : '',
    traceOf(trace),
  ]);
}

function traceOf({ rule, matched, decides, criteria }: RuleTrace): string {
  const verdict = decides ? 'decides' : matched ? 'matches, but an earlier rule decides' : 'does not match';
  const why = criteria.map((one) => `${describeCriterion(one)} (${one.matched ? 'yes' : 'no'})`);
  return [`${rule} ${verdict}`, ...why].join('; ');
}

function describeRule({ name, policy }: Rule, { skip_path_regex, access }: Application['config']): string {
  const index = Number(/\[(\d+)\]/.exec(name)?.[1]);
  const written = name.startsWith('access')
    ? access[index]
    : name.startsWith('skip')
      ? skip_path_regex[index]
      : undefined;
  return `${name}: ${policy}${written === undefined ? '' : `, ${JSON.stringify(written)}`}`;
}

export function verdict(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return `let through ${decision.subject ? 'with identity' : 'without identity'}`;
    case 'sign_in':
      return `sign in first (${decision.reason}): ${decision.loginUrl}`;
    case 'forbid':
      return `refused (${decision.reason}): ${decision.message}`;
    case 'unknown_host':
      return `refused (unknown_host): no application for ${decision.host}`;
    case 'rate_limited':
      return 'refused (rate_limited)';
    case 'invalid_request':
      return `refused (configuration_error): ${decision.message}`;
    case 'unavailable':
      return `refused (${decision.reason})`;
  }
}
