/** Finds and saves the sessions of accepted credentials: one record for each credential and application. */
import { createLru } from '../lru.ts';
import type { LiveSession, Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { createLocalFingerprint } from './fingerprint.ts';

/** After this time the provider is asked again about an accepted credential. */
const RECHECK_AFTER_MS = 60_000;

/** What is known of a header whose credential has been accepted. */
export interface KnownCredential {
  /** The id of its session. */
  id: string;
  /** The provider need not be asked again before the token's `exp`. */
  local: boolean;
}

export interface CredentialSessions {
  /** What was known of this very header when it was accepted last; says nothing of whether the session still lives. */
  lookup(slug: string, header: string): KnownCredential | undefined;
  remember(slug: string, header: string, known: KnownCredential): void;
  /** The session of a credential under any of its ids. Throws `StoreUnavailable`. */
  find(ids: readonly string[], slug: string): Promise<{ id: string; live: LiveSession } | undefined>;
  /** Whether the provider is to be asked again. */
  needsRecheck(known: KnownCredential, live: LiveSession): boolean;
  /** The provider could not be asked: the session lives on, and the next recheck waits for a minute. */
  deferRecheck(id: string): void;
  /** Saves a session under an id; `undefined` when it has been ended in the same moment. */
  save(id: string, session: Session): Promise<LiveSession | undefined>;
}

export function createCredentialSessions(sessions: Sessions, now: () => number, max = 10_000): CredentialSessions {
  const fingerprint = createLocalFingerprint();
  const headers = createLru<string, KnownCredential>(max);
  const deferredUntil = createLru<string, number>(max);

  return {
    lookup: (slug, header) => headers.get(fingerprint(slug, header)),
    remember: (slug, header, known) => void headers.set(fingerprint(slug, header), known),
    async find(ids, slug) {
      for (const id of ids) {
        const live = await sessions.find(id, slug);
        if (live !== undefined) return { id, live };
      }
      return undefined;
    },
    needsRecheck({ id, local }, live) {
      if (local) return false;
      const dueAt = live.session.tokenIssuedAt + RECHECK_AFTER_MS;
      return dueAt <= now() && (deferredUntil.get(id) ?? 0) <= now();
    },
    deferRecheck: (id) => void deferredUntil.set(id, now() + RECHECK_AFTER_MS),
    async save(id, session) {
      await sessions.createAs(id, session);
      return sessions.find(id, session.application);
    },
  };
}
