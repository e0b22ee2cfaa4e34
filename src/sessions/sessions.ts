import type { Session } from './session.ts';

/** A session that was found and may be used now. */
export interface LiveSession {
  session: Session;
  /** The store's key of the row (a hash: it opens nothing). */
  key: string;
  /** Scratch space for what is derived from the session once and used at every request (rendered headers); dropped with the copy. */
  derived: { headers?: readonly string[]; identity?: unknown };
}

/** The sessions of this outpost. Times are milliseconds; every call may throw `StoreUnavailable`. */
export interface Sessions {
  /**
   * The session of a cookie value (or of a header credential's session id) at an application.
   * Answers without a promise when a copy may be believed (the hot path), else reads the store.
   * `undefined`: there is none, it has ended, or it belongs to another application.
   */
  find(id: string, application: string): LiveSession | undefined | Promise<LiveSession | undefined>;
  /** Makes a session and returns its new random id (32 bytes, base64url). `replaces`: the id that dies with it. */
  create(session: Session, replaces?: string): Promise<string>;
  /** Makes a session under an id of the caller's (header credentials: a keyed hash). */
  createAs(id: string, session: Session): Promise<void>;
  /** Ends one session. */
  end(id: string): Promise<void>;
  /** Ends every session of a user, on every application and replica, before it resolves; constant cost. */
  endUser(issuer: string, sub: string): Promise<void>;
  /** Ends every session that belongs to one session at the provider; constant cost. */
  endSid(issuer: string, sid: string): Promise<void>;
}
