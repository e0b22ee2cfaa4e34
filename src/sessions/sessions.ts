/** The sessions of this outpost, over any store: finding, making, renewing and ending them. */
import { randomBytes } from 'node:crypto';
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import { createSeal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import { createRefreshScheduler } from './refresh_scheduler.ts';
import { createReplayGuard } from './replay_guard.ts';
import { createRevocation, maxSessionAgeMs } from './revocation.ts';
import type { LiveSession, Session } from './session.ts';
import { type CacheEntry, createSessionCache } from './session_cache.ts';
import { createSessionReader } from './session_reader.ts';
import { encodeRecord } from './session_record.ts';

/** The sessions of this outpost. Every call may throw `StoreUnavailable`. */
export interface Sessions {
  /**
   * The session of a cookie value (or of a header credential's session id) at an application.
   * Returns without a promise when a cached session may be used (the hot path), else reads the store.
   * @returns `undefined` when there is none, it has ended, or it belongs to another application
   * @throws ProviderUnavailable its token has expired and the provider did not respond to a refresh: the session is not
   * lost
   */
  find(id: string, application: string): Awaitable<LiveSession | undefined>;
  /** The session that `find` would return or refresh, without a request to the provider: for logins only. */
  peek(id: string, application: string): Promise<Session | undefined>;
  /** The session of an id, even if its token has expired and cannot be refreshed: for signing out only. */
  owner(id: string, application: string): Promise<Session | undefined>;
  /** Makes a session and returns its new id (32 random bytes, base64url). `replaces`: a session that ends with it. */
  create(session: Session, replaces?: string): Promise<string>;
  /** Makes a session under an id of the caller's (header credentials: a keyed hash of 32 characters or more). */
  createAs(id: string, session: Session): Promise<void>;
  /** Ends one session. */
  end(id: string): Promise<void>;
  /** Ends every session of a user, on every application and replica, before it resolves; constant cost. */
  endUser(issuer: string, sub: string): Promise<void>;
  /** Ends every session that belongs to one session at the provider; constant cost. */
  endSid(issuer: string, sid: string): Promise<void>;
  /**
   * Uses `name` (an issuer and a `jti`) once, on any replica; it stays used for `ttlMs`.
   * @param work what it is used for; if it fails, `name` is not used
   * @returns whether it was never used before
   */
  consumeOnce(name: string, ttlMs: number, work?: () => Promise<void>): Promise<boolean>;
  /** Resolves when no refresh runs. A process waits for it before it stops, or a rotated refresh token is lost. */
  idle(): Promise<void>;
  /** Stops listening to the store. Sessions are read at each request from now on. */
  close(): void;
}

export interface SessionsOptions {
  store: Store;
  /** The configured secrets: the first seals, all open. */
  secret: readonly string[];
  /** Milliseconds, and `now` since the epoch. */
  session_max_age: number;
  now: () => number;
  /** The provider of an application (by slug), for refreshing. */
  provider: (application: string) => Provider | undefined;
  events: Events;
  /** Bytes of decoded sessions that may be kept. */
  cacheBytes?: number | undefined;
}

/** What cannot be an id is not looked up. */
const couldBeId = (id: string) => id.length >= 32 && id.length <= 128;

export function createSessions(options: SessionsOptions): Sessions {
  const { store, now } = options;
  const seal = createSeal(options.secret, 'session');
  const maxAgeMs = maxSessionAgeMs(options.session_max_age);
  const revocation = createRevocation(store, seal, { keepMs: maxAgeMs, now });
  const cache = createSessionCache(options.cacheBytes);
  const read = createSessionReader({ store, seal, cache, events: options.events });
  const refresher = createRefreshScheduler({ ...options, seal });
  const stopListening = store.onInvalidate(cache.invalidate);

  /** Whether a current entry may be used now, after the refresh that it may need. */
  function checkFreshness(entry: CacheEntry, application: string): Awaitable<LiveSession | undefined> {
    const { session } = entry.live;
    // A session opens the application that it was made for: another one may have other access rules and another
    // provider.
    if (session.application !== application) return undefined;
    const at = now();
    if (at >= session.expiresAt) return undefined;
    if (at < entry.dueAt) return entry.live;
    return checkDue(entry, at);
  }

  function checkDue(entry: CacheEntry, at: number): Awaitable<LiveSession | undefined> {
    const { session } = entry.live;
    if (session.refreshToken === undefined) return undefined;
    if (at >= session.tokenExpiresAt) return refreshExpired(entry);
    refresher.refreshInBackground(entry);
    return entry.live;
  }

  async function refreshExpired(entry: CacheEntry): Promise<LiveSession | undefined> {
    if (!(await refresher.refreshNow(entry))) return undefined;
    const refreshed = await read(entry.id);
    return refreshed !== undefined && now() < refreshed.live.session.tokenExpiresAt ? refreshed.live : undefined;
  }

  async function readSession(id: string, application: string): Promise<Session | undefined> {
    const session = couldBeId(id) ? (await read(id))?.live.session : undefined;
    return session?.application === application ? session : undefined;
  }

  async function write(id: string, session: Session): Promise<void> {
    const key = sessionKey(id);
    const revocationMarks = await revocation.marks(session);
    const expiresAt = Math.min(session.expiresAt, session.createdAt + maxAgeMs);
    const sealed = encodeRecord(seal, key, { session: { ...session, expiresAt }, revocationMarks });
    await store.set(key, sealed, Math.max(1, expiresAt - now()));
  }

  async function end(id: string): Promise<void> {
    cache.evict(id);
    await store.delete(sessionKey(id));
  }

  return {
    find(id, application) {
      const entry = cache.get(id);
      if (entry !== undefined && entry.generation === store.generation()) return checkFreshness(entry, application);
      if (!couldBeId(id)) return undefined;
      return andThen(read(id), (loaded) => loaded && checkFreshness(loaded, application));
    },
    async peek(id, application) {
      const session = await readSession(id, application);
      if (session === undefined || now() >= session.expiresAt) return undefined;
      return session.refreshToken !== undefined || now() < session.tokenExpiresAt ? session : undefined;
    },
    owner: readSession,
    async create(session, replaces) {
      const id = randomBytes(32).toString('base64url');
      await write(id, session);
      if (replaces !== undefined) await end(replaces);
      return id;
    },
    createAs: write,
    end,
    endUser: revocation.endUser,
    endSid: revocation.endSid,
    consumeOnce: createReplayGuard(store, seal),
    idle: refresher.idle,
    close() {
      stopListening();
      cache.close();
    },
  };
}
