/** The words in which `gatepost explain` says what it found. */
import type { Rule } from '../access/rules.ts';
import type { Application } from '../decision/application.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import type { User } from '../sessions/session.ts';

export function describePerson({ username, email, groups }: User): string {
  const parts = [username || 'a user without name', email, groups.length > 0 && `groups ${groups.join(', ')}`];
  return parts.filter(Boolean).join(', ');
}

export function whichApplication({ config }: Application, index: number, host: string): string {
  const exact = new URL(config.external_host).host === host;
  return `${config.name}: applications[${index}] (${config.slug}), by ${exact ? 'external_host' : `cookie_domain ${config.cookie_domain}`}`;
}

export function whichRules({ url, method, client }: AuthRequest, { rules, config }: Application): string[][] {
  if (url.path.raw.startsWith('/outpost.goauthentik.io/')) {
    return [['rule', "none for the login's own pages; the rules of the application for what else is below them"]];
  }
  const found = rules({ path: url.path, href: url.href, method, client });
  const rows = found.map((rule) => ['rule', describeRule(rule, config)]);
  if (url.path.ambiguous)
    rows.push(['', 'The path can be read in several ways: no rule opens it, and the strictest decides.']);
  return rows;
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
