/** What a rule wants of a user, criterion by criterion. Pure. */
import { compilePrincipals } from '../access/principals.ts';
import type { CompiledRule } from '../access/rule.ts';
import type { User } from '../identity.ts';
import { type CriterionTrace, joined } from './criterion.ts';

/** Any of groups, users and emails is enough, and each claim must match: each is traced by itself. */
export function traceUser({ source }: Pick<CompiledRule, 'source'>, user: User): CriterionTrace[] {
  const email = user.email && user.emailVerified === false ? `${user.email} (not verified)` : user.email;
  const has = { groups: joined(user.groups), users: user.username, emails: email };
  const named = NAMING.flatMap((criterion): CriterionTrace[] => {
    const wanted = source[criterion];
    if (!wanted) return [];
    const matched = compilePrincipals({ [criterion]: wanted })(user);
    return [{ criterion, matched, wants: joined(wanted), has: has[criterion] }];
  });
  return [...named, ...traceClaims(source, user), ...traceVerification(source, user)];
}

/** The criteria of which any is enough. */
const NAMING = ['groups', 'users', 'emails'] as const;
const isNaming = ({ criterion }: CriterionTrace) => NAMING.some((one) => one === criterion);

function traceClaims({ claims: wanted = {} }: CompiledRule['source'], user: User): CriterionTrace[] {
  return Object.entries(wanted).map(([name, values]) => {
    const known = user.claims && Object.hasOwn(user.claims, name) ? user.claims[name] : undefined;
    const matched = compilePrincipals({ claims: { [name]: values } })(user);
    const has = known === undefined ? 'unknown, as the session is older than the rule' : joined(known);
    return { criterion: `claims.${name}`, matched, wants: values.join(' or '), has };
  });
}

function traceVerification({ email_verified }: CompiledRule['source'], user: User): CriterionTrace[] {
  if (!email_verified) return [];
  const matched = compilePrincipals({ email_verified })(user);
  const said = user.emailVerified === undefined ? 'the provider does not say' : String(user.emailVerified);
  return [{ criterion: 'email_verified', matched, wants: 'true', has: user.email === '' ? 'no e-mail' : said }];
}

/** What of a rule about a request keeps its user out: no name, where another name is enough. */
export function missingCriteria(rule: Pick<CompiledRule, 'source'>, user: User): CriterionTrace[] {
  const criteria = traceUser(rule, user);
  const isNamed = criteria.some((one) => isNaming(one) && one.matched);
  return criteria.filter((one) => !one.matched && !(isNamed && isNaming(one)));
}
