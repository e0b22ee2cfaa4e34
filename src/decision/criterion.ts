/** One criterion of a rule beside what the request or the user has. Pure. */

/** One criterion of a rule: what the rule wants, and what the request or the user has. */
export interface CriterionTrace {
  criterion:
    | 'path'
    | 'hosts'
    | 'methods'
    | 'networks'
    | 'groups'
    | 'users'
    | 'emails'
    | 'email_verified'
    | `claims.${string}`;
  matched: boolean;
  wants: string;
  has: string;
}

/** The criteria that a trace's sentence is made of: `groups: wants admins, has users`. */
export function describeCriterion({ criterion, wants, has }: CriterionTrace): string {
  return `${criterion}: wants ${wants}, has ${has || 'none'}`;
}

/** More values than that say no more, and make a line of the log long. */
const MAX_VALUES = 50;

/** A list as a trace shows it. */
export function joined(values: readonly string[]): string {
  const more = values.length > MAX_VALUES ? [`and ${values.length - MAX_VALUES} more`] : [];
  return [...values.slice(0, MAX_VALUES), ...more].join(', ');
}
