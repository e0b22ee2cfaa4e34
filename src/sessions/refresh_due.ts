/** When a session's token wants renewing. */
import type { Session } from './session.ts';

const MAX_REFRESH_LEAD_MS = 5 * 60_000;

/**
 * The time (milliseconds since the epoch) from which a session is to be refreshed: when less than half of the token's life,
 * at most five minutes, is left. Without a refresh token it is the token's end: nothing can be done before.
 */
export function refreshDueAt(session: Session): number {
  const { tokenIssuedAt, tokenExpiresAt, refreshToken } = session;
  if (refreshToken === undefined) return tokenExpiresAt;
  return tokenExpiresAt - Math.min((tokenExpiresAt - tokenIssuedAt) / 2, MAX_REFRESH_LEAD_MS);
}
