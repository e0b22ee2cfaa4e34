/** Who a user is after a refresh: what the provider says now, and nothing that it no longer says. Pure. */
import type { User } from '../identity.ts';
import { type Claims, describesUser, hasClaim, type OnLeftOut } from './claims.ts';
import { keepHeaderClaims } from './header_claims.ts';
import type { GatheredClaims } from './identity_from_tokens.ts';
import { keepRuleClaims, readUser, type UserReading } from './kept_claims.ts';

export interface PreviousUser {
  user: User;
  /** The claims of the tokens before the refresh; what they lack came from userinfo. */
  tokenClaims: Claims;
}

/** The claims that a field of the user comes from. */
const FIELDS: [claim: string, fields: (keyof User)[]][] = [
  ['groups', ['groups']],
  ['entitlements', ['entitlements']],
  ['email', ['email', 'emailVerified']],
  ['name', ['name']],
  ['ak_proxy', ['attributes']],
];

/**
 * Attack: somebody who lost a group stays in it until the session ends, as many providers leave a claim out where it is
 * empty, and the claims of the login would fill the gap. So:
 *
 * - a claim that neither the new tokens nor userinfo name is gone, but for the user name: `sub` says that it is the same;
 * - where userinfo could not be asked, a claim that it alone has told so far stays as it was last;
 * - where nothing at all was said (no ID token, no readable access token, no userinfo), the user stays as it was last.
 *
 * @param hasIdToken whether the refresh brought an ID token
 */
export function refreshedUser(
  { sources, access, userinfo }: GatheredClaims,
  application: UserReading,
  previous: PreviousUser,
  hasIdToken: boolean,
  onLeftOut?: OnLeftOut,
): User {
  const { claims: mapping } = application;
  const isSaid = hasIdToken || userinfo === 'response' || describesUser(access ? [access] : [], mapping);
  if (!isSaid) return previous.user;
  const user = readUser(sources, application, onLeftOut);
  if (!hasClaim(sources, mapping, 'preferred_username')) user.username = previous.user.username;
  if (userinfo !== 'unavailable') return user;
  const told = [...sources, previous.tokenClaims];
  const kept = FIELDS.filter(([claim]) => !hasClaim(told, mapping, claim)).flatMap(([, fields]) => fields);
  const claims = keepRuleClaims(user, told, previous.user);
  const headerClaims = keepHeaderClaims(user, told, previous.user);
  return {
    ...user,
    ...(claims && { claims }),
    ...(headerClaims && { headerClaims }),
    ...Object.fromEntries(kept.map((field) => [field, previous.user[field]])),
  };
}
