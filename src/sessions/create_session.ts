/** The session of a verified identity: of a login, of a refresh and of a header credential alike. */
import type { Identity } from '../identity.ts';
import { maxSessionAgeMs } from './revocation.ts';
import { admissionOf, type Session, type SessionApplication, type SessionLife, type SessionStart } from './session.ts';

/** Times are milliseconds since the epoch. */
export interface NewSession {
  identity: Identity;
  /** The application that it opens. */
  application: SessionApplication & SessionLife;
  authMethod: Session['authMethod'];
  /** When the provider was asked for the token. */
  tokenIssuedAt: number;
  createdAt: number;
  /** Whose request made it. */
  client?: Omit<SessionStart, 'at'> | undefined;
}

/** When the tokens of a login end. */
const tokensEnd = ({ tokensExpireAt, expiresAt }: Identity) => tokensExpireAt ?? expiresAt;

export function createSession(made: NewSession): Session {
  const { identity, application, authMethod, tokenIssuedAt, createdAt, client } = made;
  const { issuer, sub, sid, user, jwt } = identity;
  const isLogin = authMethod === 'login';
  // The session of a header credential is renewed by the credential itself, which the client sends each time.
  const refreshToken = isLogin ? identity.refreshToken : undefined;
  const tokenExpiresAt = isLogin ? tokensEnd(identity) : identity.expiresAt;
  const session: Session = {
    application: application.slug,
    configuredIssuer: application.issuer,
    clientId: application.client_id,
    admission: admissionOf(application, authMethod),
    issuer,
    sub,
    sid,
    user,
    jwt,
    idToken: authMethod === 'bearer' ? '' : identity.idToken,
    refreshToken,
    authMethod,
    createdAt,
    startedBy: client && { at: createdAt, ...client },
    tokenIssuedAt,
    tokenExpiresAt,
    outlivesTokens: isLogin && application.session_lifetime !== undefined ? true : undefined,
    idleMs: application.session_idle,
    expiresAt: 0,
  };
  return { ...session, expiresAt: createdAt + Math.min(lifeMs(session, application), longestLifeMs(application)) };
}

/**
 * How long a session lives, in milliseconds: as long as its tokens, or for `session_lifetime`; with a refresh token at
 * most for `session_max_age`. A header credential opens nothing beyond its token.
 */
function lifeMs({ createdAt, tokenExpiresAt, refreshToken, authMethod }: Session, life: SessionLife): number {
  const { session_lifetime, session_max_age } = life;
  const tokenLifeMs = tokenExpiresAt - createdAt;
  if (authMethod !== 'login') return Math.min(tokenLifeMs, session_lifetime ?? tokenLifeMs);
  if (refreshToken !== undefined) return Math.min(session_max_age, session_lifetime ?? session_max_age);
  return session_lifetime ?? tokenLifeMs;
}

/** The longest that any session of an application may live, in milliseconds. */
export function longestLifeMs({ session_max_age, session_lifetime = 0 }: SessionLife): number {
  return maxSessionAgeMs(Math.max(session_max_age, session_lifetime));
}

/** The session with the new tokens. When it ends for good does not change. */
export function refreshedSession(session: Session, identity: Identity, now: number): Session {
  const { user, jwt, idToken, refreshToken } = identity;
  return {
    ...session,
    user,
    jwt,
    // A refresh need not bring an ID token (OpenID Connect Core section 12.2); the old one still serves
    // `id_token_hint`.
    idToken: idToken === '' ? session.idToken : idToken,
    refreshToken: refreshToken ?? session.refreshToken,
    tokenIssuedAt: now,
    tokenExpiresAt: tokensEnd(identity),
  };
}
