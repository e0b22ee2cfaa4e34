/** The sessions of this outpost, over whatever store: finding, making, renewing and ending them. */
import { randomBytes } from 'node:crypto';
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import { createSeal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import { createRefreshScheduler } from './refresh_scheduler.ts';
import { createReplayGuard } from './replay_guard.ts';
import { createRevocation, MAX_SESSION_AGE_MS } from './revocation.ts';
import type { Session } from './session.ts';
import { type CacheEntry, createSessionCache } from './session_cache.ts';
import { createSessionReader } from './session_reader.ts';
import { encodeRecord } from './session_record.ts';

/** A session that was found and may be used now. */
export interface LiveSession {
  session: Session;
  /** The store's key of the row (a hash: it opens nothing). */
  key: string;
}

/** The sessions of this outpost. Times are milliseconds; every call may throw `StoreUnavailable`. */
export interface Sessions {
  /**
   * The session of a cookie value (or of a header credential's session id) at an application.
   * Answers without a promise when a entry may be believed (the hot path), else reads the store.
   * `undefined`: there is none, it has ended, or it belongs to another application.
   * Throws `ProviderUnavailable` when its token has ended and the provider gave no answer to a refresh: the session is not lost.
   */
  find(id: string, application: string): LiveSession | undefined | Promise<LiveSession | undefined>;
  /** Makes a session and returns its new random id (32 bytes, base64url). `replaces`: the id that dies with it. */
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
   * Whose session an id is, whatever has become of its token: for signing out, when there may be no provider to refresh it.
   * Nobody is let in by it.
   */
  owner(id: string, application: string): Promise<Session | undefined>;
  /**
   * Whether `name` (an issuer and a `jti`) was never used before, on any replica. It is used then, for `ttl` milliseconds,
   * unless `work`, which is what it is used for, fails.
   */
  consumeOnce(name: string, ttl: number, work?: () => Promise<void>): Promise<boolean>;
  /** Resolves when no refresh is under way. A process waits for it before it stops, or a rotated refresh token is lost. */
  idle(): Promise<void>;
}

export interface SessionsOptions {
  store: Store;
  /** The configured secrets: the first seals, all open. */
  secret: readonly string[];
  /** `session_max_age`, milliseconds. */
  session_max_age: number;
  now: () => number;
  /** The provider of an application (by slug), for refreshing. */
  provider: (application: string) => Provider | undefined;
  events?: Events | undefined;
  /** Bytes of decoded sessions that may be kept. */
  cacheBytes?: number | undefined;
}

/** Ids that nobody has been given are not looked up. */
const couldBeId = (id: string) => id.length >= 32 && id.length <= 128;

export function createSessions(options: SessionsOptions): Sessions {
  const { store, now } = options;
  const seal = createSeal(options.secret, 'session');
  const longest = Math.max(options.session_max_age, MAX_SESSION_AGE_MS);
  const revocation = createRevocation(store, seal, { keep: longest, now });
  const cache = createSessionCache(options.cacheBytes);
  const read = createSessionReader({ store, seal, cache, events: options.events });
  const refresher = createRefreshScheduler({ ...options, seal });
  store.onInvalidate(cache.invalidate);

  /** Whether a entry that is known to be true may be used now, and the refresh that it may need. */
  function checkFreshness(entry: CacheEntry, application: string): Awaitable<LiveSession | undefined> {
    const { session } = entry.live;
    // A session opens the application that it was made for: another one may have other access rules and another provider.
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

  async function write(id: string, session: Session): Promise<void> {
    const key = sessionKey(id);
    const revocationMarks = await revocation.marks(session);
    const expiresAt = Math.min(session.expiresAt, session.createdAt + longest);
    await store.set(
      key,
      encodeRecord(seal, key, { session: { ...session, expiresAt }, revocationMarks }),
      Math.max(1, expiresAt - now()),
    );
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
    async owner(id, application) {
      const session = couldBeId(id) ? (await read(id))?.live.session : undefined;
      return session?.application === application ? session : undefined;
    },
    consumeOnce: createReplayGuard(store, seal),
    idle: refresher.idle,
  };
}
