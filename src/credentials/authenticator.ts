/** Identifies a request by its `Authorization` header: a session that the credential has already, else the provider's answer. */
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import { sessionKey } from '../sessions/keys.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';
import type { Store } from '../stores/store.ts';
import { createCredentialLock } from './credential_lock.ts';
import { createCredentialSessions, isLocal } from './credential_sessions.ts';
import { createDeniedCache } from './denied_cache.ts';
import { createFingerprints, type Fingerprints } from './fingerprint.ts';
import { parseAuthorization, schemeOf } from './parse_authorization.ts';
import { createRateLimit } from './rate_limit.ts';
import { type CredentialAttempt, type CredentialContext, resolve } from './verify_credential.ts';

export interface HeaderRequest {
  /** The value of `Authorization` as Node gives it: each character is a byte. */
  header: string;
  application: ApplicationConfig;
  /** In canonical text; empty where nobody knows it: then only user names are counted. */
  clientAddress: string;
}

/**
 * `accepted`: `newSessionId` belongs into the session cookie, and is there only when the session has just been made.
 * `refused`: to be treated as absent. `not_ours`: a header that is the application's own business.
 * `limited`: too many refusals; `retryAfter` in seconds.
 */
export type HeaderResult =
  | { kind: 'accepted'; live: LiveSession; newSessionId?: string | undefined }
  | { kind: 'refused' }
  | { kind: 'not_ours' }
  | { kind: 'limited'; retryAfter: number };

export interface CredentialAuthenticator {
  /**
   * Answers without a promise when the credential is known and its session is at hand.
   * Throws `ProviderUnavailable` or `StoreUnavailable`, which are never a refusal.
   */
  authenticate(request: HeaderRequest): HeaderResult | Promise<HeaderResult>;
  /** Whether a header beside a session's cookie is a credential of ours: the one that made the session, or one accepted before. */
  isOurCredential(live: LiveSession, header: string, application: ApplicationConfig): boolean;
}

const DENIED: HeaderResult = { kind: 'refused' };
const NOT_OURS: HeaderResult = { kind: 'not_ours' };

export function createCredentialAuthenticator(options: {
  config: Pick<Config, 'secret'>;
  sessions: Sessions;
  store: Store;
  provider: (application: ApplicationConfig) => Provider;
  now: () => number;
  events: Events;
}): CredentialAuthenticator {
  const { sessions, store, provider, now, events } = options;
  const fingerprints = createFingerprints(options.config.secret);
  const sessionsOfCredentials = createCredentialSessions(sessions, now);
  const denied = createDeniedCache(now);
  const lock = createCredentialLock<HeaderResult>(store);
  const rateLimit = createRateLimit({ store, counterKeyFor: fingerprints.counterKeyFor, now });
  const context: CredentialContext = {
    sessions,
    provider,
    now,
    events,
    sessionsOfCredentials,
    denied,
    lock,
    rateLimit,
  };

  /** The answer where it is not at hand. */
  function consider(request: HeaderRequest): HeaderResult | Promise<HeaderResult> {
    const attempt = toAttempt(fingerprints, request);
    if ('kind' in attempt) return attempt;
    if (denied.has(attempt.ids[0])) return DENIED;
    return lock.join(attempt.ids[0], () => resolve(context, attempt));
  }

  return {
    authenticate(request) {
      const known = sessionsOfCredentials.lookup(request.application.slug, request.header);
      if (known === undefined) return consider(request);
      const answer = (live: LiveSession | undefined) =>
        live !== undefined && !sessionsOfCredentials.needsRecheck(known, live)
          ? { kind: 'accepted' as const, live }
          : consider(request);
      const live = sessions.find(known.id, request.application.slug);
      return live instanceof Promise ? live.then(answer) : answer(live);
    },
    isOurCredential(live, header, application) {
      if (sessionsOfCredentials.lookup(application.slug, header) !== undefined) return true;
      if (live.session.authMethod === 'login') return false;
      const attempt = toAttempt(fingerprints, { header, application, clientAddress: '' });
      return 'ids' in attempt && attempt.ids.some((id) => sessionKey(id) === live.key);
    },
  };
}

/** The credential that a header presents at an application, with its session ids; else what it is instead. */
function toAttempt(
  fingerprints: Fingerprints,
  { header, application, clientAddress }: HeaderRequest,
): CredentialAttempt | HeaderResult {
  if (schemeOf(header) === 'basic' && application.basic === 'off') return NOT_OURS;
  const credential = parseAuthorization(header);
  if (credential === 'other') return NOT_OURS;
  if (credential === 'broken') return DENIED;
  const ids = fingerprints.sessionIdsFor(application.slug, credential);
  return { header, application, clientAddress, credential, ids, local: isLocal(application, credential) };
}
