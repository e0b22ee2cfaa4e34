/** A session: plain data that the store seals, and that the hot path renders into headers once. */
import type { Identity } from '../identity.ts';

/**
 * One signed-in user (or accepted header credential) at one application. All times are milliseconds since the epoch.
 */
export interface Session extends Omit<Identity, 'expiresAt'> {
  /** The slug of the application that it was made for: it opens no other. */
  application: string;
  authMethod: 'login' | 'basic' | 'bearer';
  createdAt: number;
  /** When the provider was asked for the current token. */
  tokenIssuedAt: number;
  /** When the current token expires (`exp`). */
  tokenExpiresAt: number;
  /** When the session ends whatever happens. */
  expiresAt: number;
}

/** A session that was found and may be used now. */
export interface LiveSession {
  session: Session;
  /** The store's key of its record (a hash: it opens nothing). */
  key: string;
}

const MAX_REFRESH_LEAD_MS = 5 * 60_000;

/**
 * When a session is to be refreshed: when less than half of its token's life, at most five minutes, is left. Without a
 * refresh token it is the token's end, before which there is nothing to do.
 * @returns milliseconds since the epoch
 */
export function refreshDueAt({ tokenIssuedAt, tokenExpiresAt, refreshToken }: Session): number {
  if (refreshToken === undefined) return tokenExpiresAt;
  return tokenExpiresAt - Math.min((tokenExpiresAt - tokenIssuedAt) / 2, MAX_REFRESH_LEAD_MS);
}
