/** Authenticates a request by its `Authorization` header: by a session that is there, else by the provider. */
import { orAfter } from '../async/deadline.ts';
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import { createSingleFlight } from '../async/single_flight.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { CredentialEvent } from '../observe/counted_events.ts';
import type { Events } from '../observe/events.ts';
import { isSignedJwt, type Provider } from '../provider/index.ts';
import type { LiveSession } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Store } from '../stores/store.ts';
import { createAdmission } from './admission.ts';
import { createCredentialSessions } from './credential_sessions.ts';
import { createDeniedCache } from './denied_cache.ts';
import { createFingerprints, type Fingerprints } from './fingerprint.ts';
import type { GuessState } from './guess_state.ts';
import { type Credential, parseAuthorization, schemeOf } from './parse_authorization.ts';
import { createSessionLinks } from './session_links.ts';
import type { CredentialAttempt, CredentialContext, HeaderRequest, HeaderResult } from './types.ts';
import { verifyCredential } from './verify_credential.ts';

export interface CredentialAuthenticator {
  /**
   * Returns without a promise when the credential is known and its session is cached.
   * @throws ProviderUnavailable, StoreUnavailable: neither is a refusal
   */
  authenticate(request: HeaderRequest): Awaitable<HeaderResult>;
  /** Whether a header beside a session is a credential: the one that made the session, or one accepted before. */
  isOurCredential(live: LiveSession, header: string, application: ApplicationConfig): boolean;
}

/** Where no credential is needed, the visitor waits no longer for one that is not known yet. */
const OPTIONAL_WAIT_MS = 1000;
const DENIED: HeaderResult = { kind: 'refused' };
const NOT_OURS: HeaderResult = { kind: 'not_ours' };

export function createCredentialAuthenticator(options: {
  config: Pick<Config, 'secret' | 'limits'>;
  sessions: Sessions;
  store: Store;
  provider: (application: ApplicationConfig) => Provider;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
  events: Events;
  /** What the process knows of guesses, in whatever snapshot; that of this one alone where it is left out. */
  guesses?: GuessState | undefined;
}): CredentialAuthenticator {
  const { config, sessions, store, provider, now, elapsed, events, guesses } = options;
  const fingerprints = createFingerprints(config.secret);
  const credentialSessions = createCredentialSessions({
    sessions,
    links: createSessionLinks(store, config.secret),
    now,
    elapsed,
  });
  const deniedCache = createDeniedCache(elapsed);
  const admission = createAdmission({ store, fingerprints, limits: config.limits, now, elapsed, events, guesses });
  const context: CredentialContext = {
    sessions,
    store,
    provider,
    now,
    events,
    credentialSessions,
    deniedCache,
    admission,
  };
  const checks = createSingleFlight<HeaderResult>();

  function authenticateUncached(request: HeaderRequest): Awaitable<HeaderResult> {
    const attempt = toAttempt(fingerprints, request);
    if ('kind' in attempt) return attempt;
    if (deniedCache.has(attempt.hashes[0])) return DENIED;
    return checks.run(attempt.hashes[0], () => reportCheck(events, attempt, verifyCredential(context, attempt)));
  }

  return {
    authenticate(request) {
      const { slug } = request.application;
      const known = credentialSessions.lookup(slug, request.header);
      if (known === undefined) {
        const result = authenticateUncached(request);
        return request.optional && result instanceof Promise ? orAfter(result, OPTIONAL_WAIT_MS, DENIED) : result;
      }
      return andThen(sessions.find(known.id, slug), (live): Awaitable<HeaderResult> => {
        if (live === undefined || credentialSessions.needsRecheck(known, live)) return authenticateUncached(request);
        return { kind: 'accepted', live };
      });
    },
    isOurCredential(live, header, application) {
      if (credentialSessions.lookup(application.slug, header) !== undefined) return true;
      const hash = live.session.credential;
      // The session of a login has none.
      if (hash === undefined) return false;
      const credential = readCredential(header, application);
      return 'scheme' in credential && fingerprints.hashesOf(application, credential).includes(hash);
    },
  };
}

/** Counts what came of a check, for the metrics: guesses that were held back among them. */
async function reportCheck(
  events: Events,
  { application, credential }: CredentialAttempt,
  check: Promise<HeaderResult>,
): Promise<HeaderResult> {
  const report = (outcome: CredentialEvent['outcome']) =>
    events.emit('credential', { application: application.slug, scheme: credential.scheme, outcome });
  try {
    const result = await check;
    if (result.kind !== 'not_ours') report(result.kind);
    return result;
  } catch (error) {
    report('unavailable');
    throw error;
  }
}

/** The credential that a header presents at an application; else the result of the header. */
export function readCredential(header: string, application: ApplicationConfig): Credential | HeaderResult {
  if (schemeOf(header) === 'basic' && application.basic === 'off') return NOT_OURS;
  const credential = parseAuthorization(header);
  if (credential === 'other') return NOT_OURS;
  return credential === 'broken' ? DENIED : credential;
}

/** The credential of a request with its hashes; else the result of its header. */
function toAttempt(fingerprints: Fingerprints, request: HeaderRequest): CredentialAttempt | HeaderResult {
  const { header, application } = request;
  const credential = readCredential(header, application);
  if ('kind' in credential) return credential;
  const hashes = fingerprints.hashesOf(application, credential);
  // The provider's keys alone decide about such a token: it is good until its `exp`, and no recheck is needed.
  const local = credential.scheme === 'bearer' && application.bearer === 'jwt' && isSignedJwt(credential.token);
  return { ...request, credential, hashes, local };
}
