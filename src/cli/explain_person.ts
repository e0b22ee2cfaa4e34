/** The user that was typed, as the claims of a provider from which Gatepost reads its users. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { User } from '../identity.ts';
import { pathsOf } from '../provider/claim_path.ts';
import type { Claims, OnLeftOut } from '../provider/claims.ts';
import { readUser } from '../provider/kept_claims.ts';
import type { LiveSession } from '../sessions/session.ts';
import { UsageError } from './explain_question.ts';

export interface TypedPerson {
  user?: string;
  group: readonly string[];
  email?: string;
  unverified?: boolean;
  /** `name=value` */
  claim: readonly string[];
}

/** A user whose name was not given. With an empty one nobody is let in. */
export const UNNAMED = 'a user without name';

export function isPerson({ user, group, email, claim }: TypedPerson): boolean {
  return user !== undefined || email !== undefined || group.length > 0 || claim.length > 0;
}

/** @throws UsageError */
export function checkPerson({ email, unverified, claim }: TypedPerson): void {
  if (unverified && email === undefined) throw new UsageError('--unverified is about an address: --email is missing');
  if (claim.some((one) => one.indexOf('=') < 1))
    throw new UsageError("--claim is not a name and a value, such as 'department=sales'");
}

/** @param onLeftOut is called for what no header or rule would see */
export function userOf(person: TypedPerson, application: ApplicationConfig, onLeftOut: OnLeftOut): User {
  return readUser([claimsOf(person, application)], application, onLeftOut);
}

function claimsOf(
  { user, group, email, unverified, claim }: TypedPerson,
  { claims: mapping }: ApplicationConfig,
): Claims {
  const claims: Claims = {};
  const add = (name: string, value: unknown) => {
    const before = Object.hasOwn(claims, name) ? [claims[name]].flat() : [];
    claims[name] = before.length === 0 ? value : [...before, value].flat();
  };
  const addMapped = (name: string, value: unknown) => add(pathsOf(mapping, name)[0] ?? name, value);
  addMapped('preferred_username', user ?? UNNAMED);
  addMapped('groups', group);
  if (email !== undefined) {
    addMapped('email', email);
    add('email_verified', unverified !== true);
  }
  for (const one of claim) add(one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1));
  return claims;
}

/** A session without a login: decisions and headers look at the user alone. */
export function subjectOf(user: User): LiveSession {
  const times = { createdAt: 0, tokenIssuedAt: 0, tokenExpiresAt: 0, expiresAt: 0 };
  const application = { application: '', configuredIssuer: '', clientId: '' };
  const session = {
    ...application,
    issuer: '',
    sub: '',
    user,
    jwt: '',
    idToken: '',
    authMethod: 'login',
    ...times,
  } as const;
  return { session, key: '' };
}
