/** One refresh of one session: asks the provider, checks its response, writes the record. The caller holds the lock. */
import type { Identity } from '../identity.ts';
import type { Events } from '../observe/events.ts';
import { type Provider, type RefreshedTokens, type Rejection, rejected } from '../provider/index.ts';
import { refreshedSession } from './create_session.ts';
import { createRefreshWriter, type RefreshWriterOptions } from './refresh_writer.ts';
import { refreshDueAt, type Session } from './session.ts';
import { readRecord, type SessionRecord, type StoredRecord } from './session_record.ts';

/**
 * `unavailable`: the provider did not respond. `failed`: it did, with neither tokens that pass our checks nor an error
 * that ends the session. `contested`: it refused a refresh token that another process may have used just before.
 * After all three the session is as it was, and lives until its tokens end.
 */
export type RefreshFailure = 'unavailable' | 'failed' | 'contested';
export type RefreshOutcome = 'refreshed' | 'ended' | RefreshFailure;

/** Why a refused refresh token does not end a session at once. */
const CONTESTED = 'its refresh token was refused; another process, which does not respond, may have used it';

export interface RefreshOptions extends RefreshWriterOptions {
  provider: (application: string) => Provider | undefined;
  /** Whether a session is good for the application as it is configured now. */
  isCurrent: (session: Session) => boolean;
  events: Events;
}

/** @returns refreshes the session of a key; `takenOver`: from a process that was not seen to live any more */
export function createSessionRefresh(
  options: RefreshOptions,
): (key: string, takenOver: boolean) => Promise<RefreshOutcome> {
  const { store, seal, now, provider, tokens, journal, isCurrent, events } = options;
  const write = createRefreshWriter(options);
  const log = (session: Session, level: 'debug' | 'info' | 'warn', event: string, message: string, error?: unknown) =>
    events.emit('log', {
      level,
      event,
      message,
      application: session.application,
      user: session.user.username,
      error,
    });

  async function refuse(
    key: string,
    record: SessionRecord,
    rejection: Rejection,
    takenOver: boolean,
  ): Promise<RefreshOutcome> {
    const present = await readRecord(store, seal, key);
    // Another replica has refreshed it with this very token, which is why the provider refused it here.
    if (present !== undefined && present.session.refreshToken !== record.session.refreshToken)
      return now() < refreshDueAt(present.session) ? 'refreshed' : 'unavailable';
    if (takenOver) return fail(record.session, 'contested', CONTESTED, rejection.cause);
    await tokens.end(key, record.session);
    await store.delete(key);
    journal.rememberDeletion(key);
    events.emit('session_ended', { application: record.session.application, reason: 'refresh_refused' });
    log(
      record.session,
      'info',
      'session.refresh_refused',
      `the provider refused to refresh a session, which has ended: ${rejection.message}`,
      rejection.cause,
    );
    return 'ended';
  }

  /** What the provider, or our own checks, said; `undefined` where it was no usable response. */
  async function attempt<T>(session: Session, ask: (provider: Provider) => Promise<T>): Promise<T | undefined> {
    try {
      const asked = provider(session.application);
      return asked && (await ask(asked));
    } catch (error) {
      log(session, 'warn', 'session.refresh_failed', 'the provider did not refresh a session', error);
      return undefined;
    }
  }

  function fail<T extends RefreshFailure>(session: Session, outcome: T, why: string, cause: unknown): T {
    const message = `a session was not refreshed and goes on with its old tokens: ${why}`;
    log(session, 'warn', 'session.refresh_failed', message, cause);
    return outcome;
  }

  /** The identity that the new tokens are for. */
  async function verify(session: Session, tokens: RefreshedTokens): Promise<Identity | 'unavailable' | 'failed'> {
    const result = await attempt(session, (asked) => asked.verifyRefreshed(tokens, session));
    if (result === undefined) return 'unavailable';
    // Attack: tokens of another user, by a mix-up at the provider or on the way, would change whose session this is.
    const { sub } = session;
    const isOther = result.kind === 'verified' && result.identity.sub !== sub;
    const rejection = isOther ? rejected('wrong_user', 'the tokens are for another user') : result;
    if (rejection.kind === 'verified') return rejection.identity;
    return fail(session, 'failed', `its new tokens were not accepted: ${rejection.message}`, rejection.cause);
  }

  /**
   * Where the provider rotates refresh tokens, the old one is used up as soon as it has answered. So the new one is
   * written before anything else is asked: keys or userinfo that cannot be read now are read at the next try.
   */
  async function keepRefreshToken(
    key: string,
    record: StoredRecord,
    { refreshToken }: RefreshedTokens,
  ): Promise<StoredRecord | undefined> {
    if (refreshToken === undefined || refreshToken === record.session.refreshToken) return record;
    return write(key, { ...record, session: { ...record.session, refreshToken } });
  }

  /** What becomes of a session with the tokens that the provider has sent. */
  async function adopt(key: string, record: StoredRecord, newTokens: RefreshedTokens): Promise<RefreshOutcome> {
    const kept = await keepRefreshToken(key, record, newTokens);
    if (kept === undefined) return 'ended';
    const identity = await verify(kept.session, newTokens);
    if (typeof identity === 'string') return identity;
    const refreshed = { ...kept, session: refreshedSession(kept.session, identity, now()) };
    const written = await write(key, refreshed, identity.accessToken);
    log(kept.session, 'debug', 'session.refreshed', 'a session was refreshed');
    return written === undefined ? 'ended' : 'refreshed';
  }

  async function refreshAtProvider(
    key: string,
    record: StoredRecord,
    { refreshToken, takenOver }: { refreshToken: string; takenOver: boolean },
  ): Promise<RefreshOutcome> {
    const { session } = record;
    const result = await attempt(session, (asked) => asked.refresh(refreshToken));
    if (result === undefined) return 'unavailable';
    if (result.kind === 'rejected') return refuse(key, record, result, takenOver);
    if (result.kind === 'failed') return fail(session, 'failed', result.message, result.cause);
    return adopt(key, record, result.tokens);
  }

  return async function refresh(key, takenOver) {
    const record = await readRecord(store, seal, key);
    // The tokens of another provider or client are none of this one's business.
    if (record === undefined || !isCurrent(record.session)) return 'ended';
    const { session } = record;
    const { refreshToken } = session;
    // Another replica was faster.
    if (refreshToken === undefined || now() < refreshDueAt(session)) return 'refreshed';
    const outcome = await refreshAtProvider(key, record, { refreshToken, takenOver });
    events.emit('refresh', { application: session.application, outcome });
    return outcome;
  };
}
