/**
 * Which users a rule admits: any of the groups, user names or e-mail addresses that it names; every user where it names
 * none.
 */
import type { AccessRule } from '../config/schema/config.ts';
import type { User } from '../identity.ts';

export type PrincipalMatcher = (user: User) => boolean;

/** Compiles the `groups`, `users` and `emails` of a rule. `*` in an e-mail stands for any characters but `@`. */
export function compilePrincipals(rule: Pick<AccessRule, 'groups' | 'users' | 'emails'>): PrincipalMatcher {
  if (!rule.groups && !rule.users && !rule.emails) return () => true;
  const groups = new Set(rule.groups);
  const users = new Set(rule.users);
  const emails = (rule.emails ?? []).map(emailMatcher);
  return (user) =>
    (user.username !== '' && users.has(user.username)) ||
    user.groups.some((group) => groups.has(group)) ||
    // Attack: a user types the address of another into a profile; the provider says `email_verified: false` of it.
    (user.email !== '' && user.emailVerified !== false && emails.some((matches) => matches(user.email.toLowerCase())));
}

function emailMatcher(glob: string): (email: string) => boolean {
  const parts = glob
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('[^@]*')}$`);
  return (email) => pattern.test(email);
}
