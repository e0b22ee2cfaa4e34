/** The sessions of this outpost, over whatever store: finding, making, renewing and ending them. */
import { randomBytes } from 'node:crypto';
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import { createSeal } from '../crypto/seal.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../stores/store.ts';
import { sessionKey } from './keys.ts';
import { createRefresher } from './refresh_scheduler.ts';
import { createFirstUse } from './replay_guard.ts';
import { createRevocation, LONGEST } from './revocation.ts';
import type { Session } from './session.ts';
import { type Copy, createCopies } from './session_cache.ts';
import { createLoad } from './session_reader.ts';
import { packRow } from './session_record.ts';

/** A session that was found and may be used now. */
export interface LiveSession {
  session: Session;
  /** The store's key of the row (a hash: it opens nothing). */
  key: string;
  /** Scratch space for what is derived from the session once and used at every request (rendered headers); dropped with the copy. */
  derived: { answer?: unknown };
}

/** The sessions of this outpost. Times are milliseconds; every call may throw `StoreUnavailable`. */
export interface Sessions {
  /**
   * The session of a cookie value (or of a header credential's session id) at an application.
   * Answers without a promise when a copy may be believed (the hot path), else reads the store.
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
  firstUse(name: string, ttl: number, work?: () => Promise<void>): Promise<boolean>;
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
  copies?: number | undefined;
}

/** Ids that nobody has been given are not looked up. */
const couldBeId = (id: string) => id.length >= 32 && id.length <= 128;

export function createSessions(options: SessionsOptions): Sessions {
  const { store, now } = options;
  const seal = createSeal(options.secret, 'session');
  const longest = Math.max(options.session_max_age, LONGEST);
  const revocation = createRevocation(store, seal, { keep: longest, now });
  const copies = createCopies(options.copies);
  const load = createLoad({ store, seal, copies, events: options.events });
  const refresher = createRefresher({ ...options, seal });
  store.onInvalidate(copies.invalidate);

  /** Whether a copy that is known to be true may be used now, and the refresh that it may need. */
  function judge(copy: Copy, application: string): Awaitable<LiveSession | undefined> {
    const { session } = copy.live;
    // A session opens the application that it was made for: another one may have other access rules and another provider.
    if (session.application !== application) return undefined;
    const at = now();
    if (at >= session.until) return undefined;
    if (at < copy.dueAt) return copy.live;
    return judgeDue(copy, at);
  }

  function judgeDue(copy: Copy, at: number): Awaitable<LiveSession | undefined> {
    const { session } = copy.live;
    if (session.refreshToken === undefined) return undefined;
    if (at >= session.tokenUntil) return revive(copy);
    refresher.refreshInBackground(copy);
    return copy.live;
  }

  async function revive(copy: Copy): Promise<LiveSession | undefined> {
    if (!(await refresher.refreshNow(copy))) return undefined;
    const renewed = await load(copy.id);
    return renewed !== undefined && now() < renewed.live.session.tokenUntil ? renewed.live : undefined;
  }

  async function write(id: string, session: Session): Promise<void> {
    const key = sessionKey(id);
    const marks = await revocation.marks(session);
    const until = Math.min(session.until, session.created + longest);
    await store.set(key, packRow(seal, key, { session: { ...session, until }, marks }), Math.max(1, until - now()));
  }

  async function end(id: string): Promise<void> {
    copies.drop(id);
    await store.delete(sessionKey(id));
  }

  return {
    find(id, application) {
      const copy = copies.get(id);
      if (copy !== undefined && copy.epoch === store.epoch()) return judge(copy, application);
      if (!couldBeId(id)) return undefined;
      return andThen(load(id), (loaded) => loaded && judge(loaded, application));
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
      const session = couldBeId(id) ? (await load(id))?.live.session : undefined;
      return session?.application === application ? session : undefined;
    },
    firstUse: createFirstUse(store, seal),
    idle: refresher.idle,
  };
}
