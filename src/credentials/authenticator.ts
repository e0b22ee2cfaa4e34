/** Identifies a request by its `Authorization` header: a session that the credential has already, else the provider's answer. */
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import { sessionKey } from '../sessions/keys.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';
import type { Store } from '../stores/store.ts';
import { createAskOnce } from './credential_lock.ts';
import { createAccepted, isLocal } from './credential_sessions.ts';
import { createRefused } from './denied_cache.ts';
import { type CredentialKeys, createCredentialKeys } from './fingerprint.ts';
import { readCredential, schemeOf } from './parse_authorization.ts';
import { createLimits } from './rate_limit.ts';
import { type Presented, type Room, settle } from './verify_credential.ts';

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

export interface HeaderAuthentication {
  /**
   * Answers without a promise when the credential is known and its session is at hand.
   * Throws `ProviderUnavailable` or `StoreUnavailable`, which are never a refusal.
   */
  identify(request: HeaderRequest): HeaderResult | Promise<HeaderResult>;
  /** Whether a header beside a session's cookie is a credential of ours: the one that made the session, or one accepted before. */
  isSpent(live: LiveSession, header: string, application: ApplicationConfig): boolean;
}

const REFUSED: HeaderResult = { kind: 'refused' };
const NOT_OURS: HeaderResult = { kind: 'not_ours' };

export function createHeaderAuthentication(options: {
  config: Pick<Config, 'secret'>;
  sessions: Sessions;
  store: Store;
  provider: (application: ApplicationConfig) => Provider;
  now: () => number;
  events: Events;
}): HeaderAuthentication {
  const { sessions, store, provider, now, events } = options;
  const keys = createCredentialKeys(options.config.secret);
  const accepted = createAccepted(sessions, now);
  const refused = createRefused(now);
  const once = createAskOnce<HeaderResult>(store);
  const limits = createLimits({ store, counterOf: keys.counterOf, now });
  const room: Room = { sessions, provider, now, events, accepted, refused, once, limits };

  /** The answer where it is not at hand. */
  function consider(request: HeaderRequest): HeaderResult | Promise<HeaderResult> {
    const presented = read(keys, request);
    if ('kind' in presented) return presented;
    if (refused.has(presented.ids[0])) return REFUSED;
    return once.join(presented.ids[0], () => settle(room, presented));
  }

  return {
    identify(request) {
      const known = accepted.recall(request.application.slug, request.header);
      if (known === undefined) return consider(request);
      const answer = (live: LiveSession | undefined) =>
        live !== undefined && !accepted.due(known, live) ? { kind: 'accepted' as const, live } : consider(request);
      const live = sessions.find(known.id, request.application.slug);
      return live instanceof Promise ? live.then(answer) : answer(live);
    },
    isSpent(live, header, application) {
      if (accepted.recall(application.slug, header) !== undefined) return true;
      if (live.session.means === 'login') return false;
      const presented = read(keys, { header, application, clientAddress: '' });
      return 'ids' in presented && presented.ids.some((id) => sessionKey(id) === live.key);
    },
  };
}

/** The credential that a header presents at an application, with its session ids; else what it is instead. */
function read(keys: CredentialKeys, { header, application, clientAddress }: HeaderRequest): Presented | HeaderResult {
  if (schemeOf(header) === 'basic' && application.basic === 'off') return NOT_OURS;
  const credential = readCredential(header);
  if (credential === 'other') return NOT_OURS;
  if (credential === 'broken') return REFUSED;
  const ids = keys.idsOf(application.slug, credential);
  return { header, application, clientAddress, credential, ids, local: isLocal(application, credential) };
}
