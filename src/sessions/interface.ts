/** What the sessions of this outpost can do, and what they need. */
import type { Awaitable } from '../async/maybe_async.ts';
import type { AccessToken, Identity } from '../identity.ts';
import type { SessionEnd } from '../observe/counted_events.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../stores/store.ts';
import type { SessionDirectory } from './directory.ts';
import type { Journal } from './journal.ts';
import type { Refreshes } from './refresh_scheduler.ts';
import type { NewRefusal, Refusal } from './refusals.ts';
import type { LiveSession, Session, SessionApplication } from './session.ts';
import type { SessionGap } from './session_gap.ts';
import type { RevocationMark } from './session_record.ts';

/** The sessions of this outpost. Every call may throw `StoreUnavailable`. */
export interface Sessions {
  /**
   * The session of an id (a cookie's value, or that of a header credential) at an application (its slug).
   * Returns without a promise when a cached session may be used (the hot path), else reads the store.
   * @returns `undefined` when there is none, it has ended, or it was made for another application, issuer or client
   * @throws ProviderUnavailable its token has expired and the provider did not respond to a refresh: the session is not
   * lost
   */
  find(id: string, application: string): Awaitable<LiveSession | undefined>;
  /** The session that `find` would return or refresh, without a request to the provider: for logins only. */
  peek(id: string, application: string): Promise<Session | undefined>;
  /** The session of an id, even if its token has expired and cannot be refreshed: for signing out only. */
  owner(id: string, application: string): Promise<Session | undefined>;
  /** Comes before the provider is asked for what a session will be made of: `SessionOrigin.since`. */
  lastSignOut(): Promise<number>;
  /** Makes a session and returns its new id (32 random bytes, base64url). */
  create(session: Session, origin?: SessionOrigin): Promise<string>;
  /**
   * Gives a session the tokens and claims that its header credential has now. `signed_out`: by its user or the
   * provider. `gone`: it has expired, was ended by itself, or was another user's, which ends it.
   */
  renew(id: string, session: Session, accessToken?: AccessToken): Promise<'renewed' | 'signed_out' | 'gone'>;
  /**
   * Ends one session: its cookie and its present tokens open nothing any more.
   * @param reason for the metrics
   */
  end(id: string, reason?: SessionEnd): Promise<void>;
  /**
   * Ends every session of a user, on every application and replica, before it resolves; constant cost. Tokens that were
   * issued before open nothing any more.
   * @param notBefore when something of the user's is known to be issued (milliseconds since the epoch), should our own
   * clock be behind
   */
  endUser(issuer: string, sub: string, notBefore?: number): Promise<void>;
  /**
   * Ends every session that belongs to one session at the provider, with its tokens; constant cost.
   * @param sub its user, where it is known: then logins of the user without a `sid` of their own end too
   */
  endSid(issuer: string, sid: string, sub?: string, notBefore?: number): Promise<void>;
  /**
   * Whether a verified bearer token may still open something.
   * @param application the slug of the application that it is to open
   * @returns what ends a session that is made of it (`SessionOrigin.marks`); `undefined` where the session of the token
   * was ended
   */
  tokenMarks(token: string, identity: Identity, application?: string): Promise<RevocationMark[] | undefined>;
  /**
   * Uses `name` (an issuer and a `jti`) once, on any replica; it stays used for `ttlMs`.
   * @param work what it is used for; if it fails, `name` is not used
   * @returns whether it was never used before
   */
  consumeOnce(name: string, ttlMs: number, work?: () => Promise<void>): Promise<boolean>;
  /** Notes that the user of a session was refused something; returns at once. */
  noteRefusal(live: LiveSession, refusal: NewRefusal): void;
  /** What the session at a key was refused last. */
  lastRefusal(key: string): Promise<Refusal | undefined>;
  /** The living sessions as people see them. */
  directory: SessionDirectory;
  /** Resolves when no refresh runs. A process waits for it before it stops, or a rotated refresh token is lost. */
  idle(): Promise<void>;
  /** Stops listening to the store. Sessions are read at each request from now on. */
  close(): void;
}

/** Where a session comes from. */
export interface SessionOrigin {
  /** `lastSignOut()` before the provider was asked: a sign-out after it ends the session. Without it: one from now on. */
  since?: number;
  /** The id of a session that ends with it. */
  replaces?: string | undefined;
  accessToken?: AccessToken | undefined;
  /** The marks of the session that its bearer token is from. */
  marks?: readonly RevocationMark[];
}

export interface SessionsOptions {
  store: Store;
  /** The configured secrets: the first seals, all open. */
  secret: readonly string[];
  /** The longest that a session of any application may live, in milliseconds: so long is a sign-out remembered. */
  longestLifeMs: number;
  /** What this process has ended, in whatever snapshot. */
  journal: Journal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
  /** An application (by slug) as it is configured now. */
  application: (slug: string) => SessionApplication | undefined;
  /** The provider of an application (by slug), for refreshing. */
  provider: (application: string) => Provider | undefined;
  events: Events;
  /** Whose session ends end the sessions of managed applications: they are filed under it. */
  authority?: string | undefined;
  /** Since when its session ends are heard. */
  gap?: SessionGap | undefined;
  /** The refreshes of this process, in whatever snapshot; of this one alone where it is left out. */
  refreshes?: Refreshes | undefined;
  /** Bytes of decoded sessions that may be kept. */
  cacheBytes?: number | undefined;
}
