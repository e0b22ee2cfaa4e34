/** One refresh of one session: asks the provider, checks its response, writes the record. The caller holds the lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { Identity } from '../identity.ts';
import type { Events } from '../observe/events.ts';
import { type Provider, type RefreshedTokens, type Rejection, rejected } from '../provider/index.ts';
import type { Store } from '../stores/store.ts';
import { refreshedSession } from './create_session.ts';
import type { Revocation } from './revocation.ts';
import { refreshDueAt, type Session } from './session.ts';
import { encodeRecord, readRecord, type SessionRecord } from './session_record.ts';
import type { SessionTokens } from './session_tokens.ts';

/** `unavailable`: the provider gave no usable response, and the session lives until its tokens end. */
export type RefreshOutcome = 'refreshed' | 'ended' | 'unavailable';

export interface RefreshOptions {
  store: Store;
  seal: Seal;
  now: () => number;
  provider: (application: string) => Provider | undefined;
  revocation: Revocation;
  tokens: SessionTokens;
  /** Whether a session is good for the application as it is configured now. */
  isCurrent: (session: Session) => boolean;
  events: Events;
}

/** The pauses after which the response of a provider is written again when the store fails. */
const WRITE_PAUSES_MS = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600];

export function createSessionRefresh({
  store,
  seal,
  now,
  provider,
  revocation,
  tokens,
  isCurrent,
  events,
}: RefreshOptions): (key: string) => Promise<RefreshOutcome> {
  const log = (session: Session, level: 'debug' | 'info' | 'warn', event: string, message: string, error?: unknown) =>
    events.emit('log', {
      level,
      event,
      message,
      application: session.application,
      user: session.user.username,
      error,
    });

  /**
   * A response that is not written is a lost session, so a store that fails is tried again. `replace`, so that a session
   * that was ended meanwhile is not restored.
   */
  async function write(
    key: string,
    { session, revocationMarks }: SessionRecord,
    accessToken?: Identity['accessToken'],
  ): Promise<'refreshed' | 'ended'> {
    for (const pause of [...WRITE_PAUSES_MS, undefined]) {
      try {
        const marks = await revocation.carryOver(session, revocationMarks);
        if (marks === undefined) return 'ended';
        const record = { session, revocationMarks: marks };
        await tokens.remember(key, record, accessToken);
        const sealed = encodeRecord(seal, key, record);
        return (await store.replace(key, sealed, session.expiresAt - now())) ? 'refreshed' : 'ended';
      } catch (error) {
        if (pause === undefined) throw error;
        await sleep(pause);
      }
    }
    return 'ended';
  }

  async function refuse(key: string, record: SessionRecord, rejection: Rejection): Promise<RefreshOutcome> {
    const present = await readRecord(store, seal, key);
    // Another replica has refreshed it with this very token, which is why the provider refused it here.
    if (present !== undefined && present.session.refreshToken !== record.session.refreshToken) return 'refreshed';
    await tokens.end(key, record.session);
    await store.delete(key);
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

  /** The identity that the new tokens are for; `undefined` where they could not be verified. */
  async function verify(session: Session, tokens: RefreshedTokens): Promise<Identity | undefined> {
    const result = await attempt(session, (asked) => asked.verifyRefreshed(tokens, session));
    if (result === undefined) return undefined;
    // Attack: tokens of another user, by a mix-up at the provider or on the way, would change whose session this is.
    const { sub } = session;
    const isOther = result.kind === 'verified' && result.identity.sub !== sub;
    const rejection = isOther ? rejected('wrong_user', 'the tokens are for another user') : result;
    if (rejection.kind === 'verified') return rejection.identity;
    const message = `the new tokens of a session were not accepted, which goes on with the old ones: ${rejection.message}`;
    log(session, 'warn', 'session.refresh_failed', message, rejection.cause);
    return undefined;
  }

  /**
   * Where the provider rotates refresh tokens, the old one is used up as soon as it has answered. So the new one is
   * written before anything else is asked: keys or userinfo that cannot be read now are read at the next try.
   */
  async function keepRefreshToken(
    key: string,
    record: SessionRecord,
    { refreshToken }: RefreshedTokens,
  ): Promise<SessionRecord | undefined> {
    if (refreshToken === undefined || refreshToken === record.session.refreshToken) return record;
    const kept = { ...record, session: { ...record.session, refreshToken } };
    return (await write(key, kept)) === 'refreshed' ? kept : undefined;
  }

  return async function refresh(key) {
    const record = await readRecord(store, seal, key);
    // The tokens of another provider or client are none of this one's business.
    if (record === undefined || !isCurrent(record.session)) return 'ended';
    const { session } = record;
    const { refreshToken } = session;
    // Another replica was faster.
    if (refreshToken === undefined || now() < refreshDueAt(session)) return 'refreshed';
    const result = await attempt(session, (asked) => asked.refresh(refreshToken));
    if (result === undefined) return 'unavailable';
    if (result.kind === 'rejected') return refuse(key, record, result);
    const kept = await keepRefreshToken(key, record, result.tokens);
    if (kept === undefined) return 'ended';
    const identity = await verify(kept.session, result.tokens);
    if (identity === undefined) return 'unavailable';
    const refreshed = { ...kept, session: refreshedSession(kept.session, identity, now()) };
    const outcome = await write(key, refreshed, identity.accessToken);
    log(session, 'debug', 'session.refreshed', 'a session was refreshed');
    return outcome;
  };
}
