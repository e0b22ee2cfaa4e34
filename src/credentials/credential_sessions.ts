/** Finds and keeps the sessions of accepted credentials: one row for each credential and application, whoever asks. */

import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Identity } from '../identity.ts';
import { createLru } from '../lru.ts';
import type { Session } from '../sessions/session.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';
import { isVerifiedLocally } from './bearer.ts';
import { createLocalFingerprint } from './fingerprint.ts';
import type { Credential } from './parse_authorization.ts';

/** A yes of the provider is believed for so long before it is asked again. */
const RECHECK_AFTER_MS = 60_000;

/** What a header stands for, once its credential has been accepted. */
export interface KnownCredential {
  id: string;
  /** The provider need not be asked again before the token's `exp`. */
  local: boolean;
}

export interface CredentialSessions {
  /** What this very header stood for when it was accepted last; says nothing of whether the session still lives. */
  lookup(slug: string, header: string): KnownCredential | undefined;
  remember(slug: string, header: string, known: KnownCredential): void;
  /** The living session of a credential under any of its ids. May throw `StoreUnavailable`. */
  find(ids: readonly string[], slug: string): Promise<{ id: string; live: LiveSession } | undefined>;
  /** Whether the provider is to be asked again. */
  needsRecheck(known: KnownCredential, live: LiveSession): boolean;
  /** The provider could not be asked: the session lives on, and the next question waits for a minute. */
  deferRecheck(id: string): void;
  /** Keeps a session under an id; `undefined` when it has been ended in the same moment. */
  save(id: string, session: Session): Promise<LiveSession | undefined>;
}

export function createCredentialSessions(sessions: Sessions, now: () => number, max = 10_000): CredentialSessions {
  const memoryHash = createLocalFingerprint();
  const headers = createLru<string, KnownCredential>(max);
  const postponed = createLru<string, number>(max);

  return {
    lookup: (slug, header) => headers.get(memoryHash(slug, header)),
    remember: (slug, header, known) => void headers.set(memoryHash(slug, header), known),
    async find(ids, slug) {
      for (const id of ids) {
        const live = await sessions.find(id, slug);
        if (live !== undefined) return { id, live };
      }
      return undefined;
    },
    needsRecheck({ id, local }, live) {
      if (local) return false;
      const believed = live.session.tokenIssuedAt + RECHECK_AFTER_MS;
      return believed <= now() && (postponed.get(id) ?? 0) <= now();
    },
    deferRecheck: (id) => void postponed.set(id, now() + RECHECK_AFTER_MS),
    async save(id, session) {
      await sessions.createAs(id, session);
      return sessions.find(id, session.application);
    },
  };
}

/** Whether the keys of the provider are all that a credential's answer hangs on. */
export function isLocal(application: ApplicationConfig, credential: Credential): boolean {
  return credential.scheme === 'bearer' && isVerifiedLocally(application.bearer, credential.token);
}

/** The session of a verified credential: the provider was `asked` then, and it is made `at` that time. It has no refresh token: the credential itself is what renews it. */
export function sessionOf(
  { identity, application, authMethod }: { identity: Identity; application: string; authMethod: 'basic' | 'bearer' },
  { asked, at }: { asked: number; at: number },
): Session {
  return {
    application,
    issuer: identity.issuer,
    sub: identity.sub,
    sid: identity.sid,
    user: identity.user,
    jwt: identity.jwt,
    idToken: authMethod === 'basic' ? identity.idToken : '',
    authMethod,
    createdAt: at,
    tokenIssuedAt: asked,
    tokenExpiresAt: identity.expiresAt,
    expiresAt: identity.expiresAt,
  };
}
