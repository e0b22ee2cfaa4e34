/**
 * Logout tokens (OpenID Connect Back-Channel Logout 1.0). The steps of section 2.6, in its order:
 *
 *     1     encryption          none is offered, so an encrypted token cannot be read
 *     2, 3  signature, alg      `Provider.verifyLogoutToken`
 *     4     iss, aud, iat, exp  `Provider.verifyLogoutToken`; here that `iat` is not in the future
 *     5     sub, sid            here
 *     6     events              here
 *     7     nonce               here
 *     8     jti                 here that it is there; the endpoint accepts each once
 *
 * Steps 9 to 11 are optional: they compare the token with the sessions that it ends anyway. Pure.
 */
import { decodeJwt } from 'jose';
import { isNonEmptyString, isObject } from '../json.ts';
import { CLOCK_SKEW_SECONDS, type LogoutTokenResult } from '../provider/index.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const CLOCK_SKEW_MS = CLOCK_SKEW_SECONDS * 1000;

/** Which sessions to end. */
export interface Logout {
  kind: 'logout';
  issuer: string;
  /** The user; with `sid`, the user of that session. */
  sub: string | undefined;
  /** One session at the provider. */
  sid: string | undefined;
  jti: string;
  /** Milliseconds since the epoch. */
  issuedAt: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface RejectedToken {
  kind: 'rejected';
  /** A sentence that the provider may see. */
  problem: string;
}

type VerifiedToken = Extract<LogoutTokenResult, { kind: 'verified' }>;

const rejected = (problem: string): RejectedToken => ({ kind: 'rejected', problem });

const isOptionalText = (value: unknown): value is string | undefined => value === undefined || isNonEmptyString(value);

/**
 * The client that a token names: the provider knows the endpoint under any host, so only the token says which
 * application is meant. Nothing is verified yet.
 * @returns `undefined` for text that is no JWT, and for claims of other types
 */
export function readAddressee(token: string): { issuer: string; audiences: string[] } | undefined {
  try {
    const { iss, aud } = decodeJwt(token);
    return isNonEmptyString(iss) ? { issuer: iss, audiences: [aud].flat().filter(isNonEmptyString) } : undefined;
  } catch {
    return undefined;
  }
}

/** @param nowMs milliseconds since the epoch */
export function validateLogoutToken({ claims, type }: VerifiedToken, nowMs: number): Logout | RejectedToken {
  const { iss, iat, exp, sub, sid, jti } = claims;
  // Section 2.4, typ.
  // Attack: cross-JWT confusion (section 4.1). With a token of another kind, its holder would end the sessions of its
  // user.
  if (!['', 'jwt', 'logout+jwt'].includes(type)) return rejected('the token is of another kind (typ)');
  // Step 4.
  if (iat * 1000 > nowMs + CLOCK_SKEW_MS) return rejected('the token is from the future');
  // Step 5.
  if (sub === undefined && sid === undefined) return rejected('the token has neither sub nor sid');
  if (!isOptionalText(sub) || !isOptionalText(sid)) return rejected('sub and sid must be strings');
  // Step 6.
  if (
    !isObject(claims.events) ||
    !Object.hasOwn(claims.events, LOGOUT_EVENT) ||
    !isObject(claims.events[LOGOUT_EVENT])
  ) {
    return rejected('the token is no logout token: its events do not name a logout');
  }
  // Step 7.
  // Attack: with a stolen ID token a thief would end the session that it came from. Of the two, only an ID token has a
  // nonce.
  if ('nonce' in claims) return rejected('a logout token must not have a nonce');
  // Step 8.
  if (!isNonEmptyString(jti)) return rejected('the token has no jti');
  return { kind: 'logout', issuer: iss, sub, sid, jti, issuedAt: iat * 1000, expiresAt: exp * 1000 };
}

/**
 * How long the `jti` of a token is remembered, in milliseconds: as long as any replica may accept the token, whose
 * clock and that of the provider may both be wrong by the skew. Not less than the token's whole life: the clock here
 * may be ahead, and put back a moment later.
 */
export function rememberMs({ issuedAt, expiresAt }: Logout, nowMs: number): number {
  return Math.max(0, expiresAt - Math.min(issuedAt, nowMs)) + 2 * CLOCK_SKEW_MS;
}
