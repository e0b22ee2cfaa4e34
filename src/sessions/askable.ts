/** Whether a session's provider can be asked, after a gap, whether the session still lives there. Pure. */
import { decodeJwt } from 'jose';
import type { Session } from './session.ts';

/** A time that lies further ahead was written by a clock that was wrong: it says nothing. */
export const MAX_AHEAD_MS = 60_000;
/**
 * An access token that expires within this is not asked about: a clock that differs by less would make an end of the token
 * an end of the session.
 */
const EXPIRY_MARGIN_MS = 60_000;

/** The session of an app password is none at authentik, and an ID token is nothing that can be introspected. */
const hasAccessToken = ({ jwt, idToken, authMethod, sid }: Session) =>
  jwt !== '' && jwt !== idToken && (authMethod === 'login' || sid !== undefined);

/** When the provider knew the session last: it was made, or its tokens were refreshed. */
function lastKnown({ createdAt, tokenIssuedAt }: Session, now: number): number {
  return Math.max(0, ...[createdAt, tokenIssuedAt].filter((at) => at <= now + MAX_AHEAD_MS));
}

/** When the access token expires (milliseconds since the epoch); `undefined` where that is no JWT. */
function expiryOf(token: string): number | undefined {
  try {
    return (decodeJwt(token).exp ?? Number.POSITIVE_INFINITY) * 1000;
  } catch {
    return undefined;
  }
}

/**
 * @param since the end of the gap: what was known to live then is not asked about
 * @param now both in milliseconds since the epoch
 */
export function isAskable(session: Session, since: number, now: number): boolean {
  if (!hasAccessToken(session) || lastKnown(session, now) >= since) return false;
  const expiresAt = expiryOf(session.jwt);
  return expiresAt !== undefined && now + EXPIRY_MARGIN_MS < expiresAt;
}
