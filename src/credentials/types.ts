/** The types that the modules of header authentication share. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/index.ts';
import type { LiveSession } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Store } from '../stores/store.ts';
import type { Admission, PresentedCredential } from './admission.ts';
import type { CredentialSessions } from './credential_sessions.ts';
import type { DeniedCache } from './denied_cache.ts';

export interface HeaderRequest {
  /** The value of `Authorization` as Node gives it: each character is a byte. */
  header: string;
  application: ApplicationConfig;
  /** In canonical text; empty where it is unknown: then only user names are counted. */
  clientAddress: string;
  /** For people to recognise the session by. */
  userAgent?: string | undefined;
  /**
   * No credential is needed where it came: one that is not known yet may take a second, and its refusals hold back
   * none.
   */
  optional: boolean;
}

/**
 * `accepted`: `newSessionId` belongs into the session cookie, and is there only when the session has just been made.
 * `refused`: to be treated as absent. `not_ours`: a header for the application itself.
 * `limited`: too many refusals; `retryAfter` in seconds.
 */
export type HeaderResult =
  | { kind: 'accepted'; live: LiveSession; newSessionId?: string | undefined }
  | { kind: 'refused' }
  | { kind: 'not_ours' }
  | { kind: 'limited'; retryAfter: number };

/** A request with the credential that was read from its header. */
export interface CredentialAttempt extends HeaderRequest, PresentedCredential {
  /** Its keyed hashes at the application, that of the current secret first. */
  hashes: [string, ...string[]];
}

/** What all checks of credentials share. */
export interface CredentialContext {
  sessions: Sessions;
  store: Store;
  provider: (application: ApplicationConfig) => Provider;
  /** Milliseconds since the epoch. */
  now: () => number;
  events: Events;
  credentialSessions: CredentialSessions;
  deniedCache: DeniedCache;
  admission: Admission;
}
