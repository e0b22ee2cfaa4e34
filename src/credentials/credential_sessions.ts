/** Finds and saves the sessions of accepted credentials: one for each credential and application. */
import { createLru } from '../lru.ts';
import type { LiveSession, Session } from '../sessions/session.ts';
import type { SessionOrigin, Sessions } from '../sessions/sessions.ts';
import { createLocalFingerprint } from './fingerprint.ts';
import type { SessionLinks } from './session_links.ts';

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
  /** The session of a credential, by any of its hashes. Throws `StoreUnavailable`. */
  find(hashes: readonly string[], slug: string): Promise<FoundSession | undefined>;
  /** Whether the provider is to be asked again. */
  needsRecheck(known: KnownCredential, live: LiveSession): boolean;
  /** The provider could not be asked: the session lives on, and the next recheck waits for a minute. */
  deferRecheck(id: string): void;
  /**
   * Saves a session under a new id, or under that which the credential has so far.
   * @param session with the hash of its credential
   * @returns `undefined` when a sign-out has ended it in the same moment; another one where a replica was faster
   */
  save(session: CredentialSession, origin: SessionOrigin, oldId: string | undefined): Promise<SavedSession | undefined>;
}

export type CredentialSession = Session & { credential: string };

export interface FoundSession {
  id: string;
  live: LiveSession;
}

/** `isNew`: no client has its id yet. */
export type SavedSession = FoundSession & { isNew: boolean };

export interface CredentialSessionsOptions {
  sessions: Sessions;
  links: SessionLinks;
  /** Milliseconds since the epoch, as in the sessions. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
}

export function createCredentialSessions(
  { sessions, links, now, elapsed }: CredentialSessionsOptions,
  max = 10_000,
): CredentialSessions {
  const fingerprint = createLocalFingerprint();
  const headers = createLru<string, KnownCredential>(max);
  const deferredUntil = createLru<string, number>(max);

  async function findById(id: string, hashes: readonly string[], slug: string): Promise<FoundSession | undefined> {
    const live = await sessions.find(id, slug);
    const { credential } = live?.session ?? {};
    return live !== undefined && credential !== undefined && hashes.includes(credential) ? { id, live } : undefined;
  }

  /** Found again, so that a sign-out of this moment counts; then every replica is led to it. */
  async function publish(
    id: string,
    { credential, application }: CredentialSession,
  ): Promise<FoundSession | undefined> {
    const find = (one: string) => findById(one, [credential], application);
    const found = await find(id);
    if (found === undefined) return undefined;
    const ttlMs = Math.max(1, found.live.session.expiresAt - now());
    const winner = await links.point(credential, id, ttlMs, async (other) => (await find(other)) !== undefined);
    // Nobody knows the id of the one that lost; it ends by itself.
    return winner === id ? found : find(winner);
  }

  return {
    lookup: (slug, header) => headers.get(fingerprint(slug, header)),
    remember: (slug, header, known) => void headers.set(fingerprint(slug, header), known),
    async find(hashes, slug) {
      for (const id of await links.read(hashes)) {
        const found = await findById(id, hashes, slug);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    needsRecheck({ id, local }, live) {
      if (local) return false;
      // A time from the future was written before the clock was put back: until that time nobody would ask about a
      // password that was revoked.
      const isDue = Math.abs(now() - live.session.tokenIssuedAt) >= RECHECK_AFTER_MS;
      return isDue && (deferredUntil.get(id) ?? 0) <= elapsed();
    },
    deferRecheck: (id) => void deferredUntil.set(id, elapsed() + RECHECK_AFTER_MS),
    async save(session, origin, oldId) {
      const renewed = oldId === undefined ? 'gone' : await sessions.renew(oldId, session, origin.accessToken);
      if (renewed === 'signed_out') return undefined;
      const id = renewed === 'renewed' && oldId !== undefined ? oldId : await sessions.create(session, origin);
      const found = await publish(id, session);
      return found && { ...found, isNew: found.id !== oldId };
    },
  };
}
