/**
 * Which users a rule admits. `groups`, `users` and `emails` name them, and any of these is enough; every entry of
 * `claims`, and `email_verified`, must hold besides. A rule without any of them admits every user.
 */
import type { AccessRule } from '../config/schema/config.ts';
import type { User } from '../identity.ts';
import { compileGlob, isGlob } from './glob.ts';

export type PrincipalMatcher = (user: User) => boolean;

/** The keys of a rule that are about the user. */
export type Principals = Pick<AccessRule, 'groups' | 'users' | 'emails' | 'claims' | 'email_verified'>;

export function compilePrincipals(rule: Principals): PrincipalMatcher {
  const required = Object.entries(rule.claims ?? {}).map(([name, values]) => claimMatcher(name, values));
  if (rule.email_verified) required.push(hasVerifiedEmail);
  if (rule.groups || rule.users || rule.emails) required.push(compileNamed(rule));
  const [only, ...others] = required;
  if (only === undefined) return () => true;
  return others.length === 0 ? only : (user) => required.every((matches) => matches(user));
}

/** `*` in a group stands for any characters, in an e-mail for any but `@`. */
function compileNamed(rule: Principals): PrincipalMatcher {
  const groups = new Set(rule.groups);
  const globs = (rule.groups ?? []).filter(isGlob).map(compileGlob);
  const users = new Set(rule.users);
  const emails = (rule.emails ?? []).map(emailMatcher);
  return (user) =>
    (user.username !== '' && users.has(user.username)) ||
    user.groups.some((group) => groups.has(group) || globs.some((matches) => matches(group))) ||
    // Attack: a user types the address of another into a profile; the provider says `email_verified: false` of it.
    (user.email !== '' && user.emailVerified !== false && emails.some((matches) => matches(foldEmail(user.email))));
}

/**
 * Any of the values. A session that was made before a rule named the claim does not know it: it is refused, until it is
 * refreshed or made anew.
 */
function claimMatcher(name: string, values: readonly string[]): PrincipalMatcher {
  const wanted = new Set(values);
  return ({ claims }) =>
    claims !== undefined && Object.hasOwn(claims, name) && claims[name]?.some((value) => wanted.has(value)) === true;
}

/** For `emails`, silence of the provider is enough; here it must say that the address is verified. */
function hasVerifiedEmail({ email, emailVerified }: User): boolean {
  return email !== '' && emailVerified === true;
}

/**
 * In any letter case.
 * Attack: a user has an address with the Kelvin sign (U+212A), or a capital I with a dot (U+0130), which JavaScript makes an
 * ASCII `k` or `i` in lower case: `mi\u212ae@example.com` would be the address of `mike`.
 */
function foldEmail(text: string): string {
  return text.replace(/[^\u0130\u212a]+/g, (part) => part.toLowerCase());
}

/** Both sides of the `@`, of which the pattern has one. */
function emailMatcher(glob: string): (email: string) => boolean {
  const [isName = never, isDomain = never] = foldEmail(glob).split('@').map(partMatcher);
  return (email) => {
    // Attack: `evil@attacker.org@example.com`.
    const at = email.indexOf('@');
    if (at < 0 || email.includes('@', at + 1)) return false;
    // Attack: a regular expression of `*-*-*@example.com` goes back and forth, for seconds, over an address of a few
    // kilobytes that its user has typed into a profile.
    return isName(email.slice(0, at)) && isDomain(email.slice(at + 1));
  };
}

const never = () => false;

const partMatcher = (part: string) => (isGlob(part) ? compileGlob(part) : (text: string) => text === part);
