/** What a session is: plain data that the store seals, and that the hot path turns into headers once. */
import type { User } from '../identity.ts';

/** One signed-in user (or accepted header credential) at one application. All times are milliseconds since the epoch. */
export interface Session {
  /** The slug of the application that it was made for: it opens no other. */
  application: string;
  issuer: string;
  /** The provider's `sub`, for sign-out by user. */
  sub: string;
  /** The provider's `sid`, for back-channel logout of one provider session. */
  sid?: string | undefined;
  user: User;
  /** The token that `X-authentik-jwt` carries: an access token that was verified, else the ID token. */
  jwt: string;
  /** For `id_token_hint` at sign-out; empty for sessions of bearer tokens. */
  idToken: string;
  refreshToken?: string | undefined;
  authMethod: 'login' | 'basic' | 'bearer';
  createdAt: number;
  /** When the provider was asked for the current token. */
  tokenIssuedAt: number;
  /** When the current token ends (`exp`). */
  tokenExpiresAt: number;
  /** When the session ends whatever happens. */
  expiresAt: number;
}
