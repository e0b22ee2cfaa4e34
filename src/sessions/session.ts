/** A session: plain data that the store seals, and that the hot path renders into headers once. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Identity } from '../identity.ts';

/** The application that a session is made for, and the provider and client that vouch for it, as configured. */
export type SessionApplication = Pick<ApplicationConfig, 'slug' | 'issuer' | 'client_id' | 'managed'> &
  Partial<Admission>;

/** The keys of an application that say by what a session is found and which header credentials are accepted. */
type Admission = Pick<ApplicationConfig, 'cookie' | 'basic' | 'bearer' | 'bearer_audiences' | 'bearer_machines'>;

/** How long the sessions of an application live, in milliseconds. */
export type SessionLife = Pick<ApplicationConfig, 'session_max_age' | 'session_lifetime' | 'session_idle'>;

/** Where a session began, for people to recognise it. */
export interface SessionStart {
  /** Milliseconds since the epoch; a header credential's session keeps it where it is made anew with each check. */
  at: number;
  /** The client's address, in canonical text; `undefined` where it is unknown. */
  address?: string | undefined;
  /** Browser and system, or the program: `deviceOf`. */
  device?: string | undefined;
}

/**
 * One signed-in user (or accepted header credential) at one application. All times are milliseconds since the epoch.
 */
export interface Session extends Omit<Identity, 'expiresAt' | 'tokensExpireAt' | 'issuedAt' | 'accessToken'> {
  /** The slug of the application that it was made for: it opens no other. */
  application: string;
  /** The application's `issuer` at that time. */
  configuredIssuer: string;
  /** The application's `client_id` at that time. */
  clientId: string;
  /** `admissionOf` at that time; `undefined`: an earlier version made it. */
  admission?: string | undefined;
  /** The keyed hash of the header credential that it was made for. */
  credential?: string | undefined;
  authMethod: 'login' | 'basic' | 'bearer';
  createdAt: number;
  /** `undefined`: an earlier version made it. */
  startedBy?: SessionStart | undefined;
  /** When the provider was asked for the current token. */
  tokenIssuedAt: number;
  /** When the current tokens expire, the later of them. */
  tokenExpiresAt: number;
  /** Made with `session_lifetime`: it goes on where its tokens have expired and could not be refreshed. */
  outlivesTokens?: boolean | undefined;
  /** `session_idle` when it was made, in milliseconds. */
  idleMs?: number | undefined;
  /** When the session ends whatever happens. */
  expiresAt: number;
}

/** What of an application's configuration a session depends on beside provider and client. */
export function admissionOf(application: Partial<Admission>, authMethod: Session['authMethod']): string {
  const { cookie, basic, bearer, bearer_audiences = [], bearer_machines } = application;
  const accepting = {
    login: [],
    basic: [basic],
    bearer: [bearer, bearer_machines, ...bearer_audiences.toSorted()],
  };
  return JSON.stringify([cookie?.name ?? null, ...accepting[authMethod]]);
}

/**
 * Whether an application is the one that a session was made for.
 * Attack: an operator gives an application another provider, or another client; whoever the old one vouched for would
 * go on opening it.
 * Attack: the operator takes an audience, machines or passwords away; a token that was accepted once would open until its
 * end. Or gives the cookie another name: the application gets the old cookie then, as one of its own, and its id would be
 * good under the new name.
 */
export function isMadeFor(session: Session, application: SessionApplication | undefined): boolean {
  return (
    application !== undefined &&
    session.application === application.slug &&
    session.configuredIssuer === application.issuer &&
    session.clientId === application.client_id &&
    (session.admission === undefined || session.admission === admissionOf(application, session.authMethod))
  );
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
 * refresh token it is the session's end, before which there is nothing to do.
 * @returns milliseconds since the epoch
 */
export function refreshDueAt({ tokenIssuedAt, tokenExpiresAt, refreshToken, expiresAt }: Session): number {
  if (refreshToken === undefined) return expiresAt;
  return tokenExpiresAt - Math.min((tokenExpiresAt - tokenIssuedAt) / 2, MAX_REFRESH_LEAD_MS);
}
