/** The session of a verified identity: of a login and of a header credential alike. */
import type { Identity } from '../identity.ts';
import { maxSessionAgeMs } from './revocation.ts';
import type { Session, SessionApplication } from './session.ts';

/** Times are milliseconds since the epoch. */
export interface NewSession {
  identity: Identity;
  /** The application that it opens. */
  application: SessionApplication;
  authMethod: Session['authMethod'];
  /** When the provider was asked for the token. */
  tokenIssuedAt: number;
  createdAt: number;
  /** `session_max_age`: how long a session with a refresh token lives. */
  sessionMaxAgeMs: number;
}

/** The session lives until its token ends; a login with a refresh token as long as `session_max_age`. */
export function createSession(options: NewSession): Session {
  const { identity, application, authMethod, tokenIssuedAt, createdAt, sessionMaxAgeMs } = options;
  const { issuer, sub, sid, user, jwt, expiresAt: tokenExpiresAt } = identity;
  // The session of a header credential is renewed by the credential itself, which the client sends each time.
  const refreshToken = authMethod === 'login' ? identity.refreshToken : undefined;
  const expiresAt = refreshToken === undefined ? tokenExpiresAt : createdAt + sessionMaxAgeMs;
  return {
    application: application.slug,
    configuredIssuer: application.issuer,
    clientId: application.client_id,
    issuer,
    sub,
    sid,
    user,
    jwt,
    idToken: authMethod === 'bearer' ? '' : identity.idToken,
    refreshToken,
    authMethod,
    createdAt,
    tokenIssuedAt,
    tokenExpiresAt,
    expiresAt: Math.min(expiresAt, createdAt + maxSessionAgeMs(sessionMaxAgeMs)),
  };
}
