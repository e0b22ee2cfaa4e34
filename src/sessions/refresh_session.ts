/** One refresh of one session: asks the provider, checks its response, writes the record. The caller holds the lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { Identity } from '../identity.ts';
import type { Events } from '../observe/events.ts';
import { type IdentityResult, type Provider, type Rejection, rejected } from '../provider/index.ts';
import type { Store } from '../stores/store.ts';
import type { Revocation } from './revocation.ts';
import { refreshDueAt, type Session } from './session.ts';
import { encodeRecord, readRecord, type SessionRecord } from './session_record.ts';
import type { SessionTokens } from './session_tokens.ts';

/** `unavailable`: the provider gave no usable response, and the session lives until its token's `exp`. */
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

/** The session with the new tokens. When it ends for good does not change. */
export function refreshedSession(session: Session, identity: Identity, now: number): Session {
  const { user, jwt, idToken, refreshToken, expiresAt } = identity;
  return {
    ...session,
    user,
    jwt,
    // A refresh need not bring an ID token (OpenID Connect Core section 12.2); the old one still serves
    // `id_token_hint`.
    idToken: idToken === '' ? session.idToken : idToken,
    refreshToken: refreshToken ?? session.refreshToken,
    tokenIssuedAt: now,
    tokenExpiresAt: expiresAt,
  };
}

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
   * Where the provider rotates refresh tokens, the old one is used up: a response that is not written is a lost
   * session. `replace`, so that a session that was ended meanwhile is not restored.
   */
  async function write(
    key: string,
    { session, revocationMarks }: SessionRecord,
    accessToken: Identity['accessToken'],
  ): Promise<RefreshOutcome> {
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

  /** The provider's new tokens, or `undefined` when it gave no usable response. */
  async function requestTokens(session: Session, refreshToken: string): Promise<IdentityResult | undefined> {
    try {
      const { sub } = session;
      const result = await provider(session.application)?.refresh(refreshToken, session);
      // Attack: tokens of another user, by a mix-up at the provider or on the way, would change whose session this is.
      const isOther = result?.kind === 'verified' && result.identity.sub !== sub;
      return isOther ? rejected('wrong_user', 'the tokens are for another user') : result;
    } catch (error) {
      log(session, 'warn', 'session.refresh_failed', 'the provider did not refresh a session', error);
      return undefined;
    }
  }

  return async function refresh(key) {
    const record = await readRecord(store, seal, key);
    // The tokens of another provider or client are none of this one's business.
    if (record === undefined || !isCurrent(record.session)) return 'ended';
    const { session } = record;
    // Another replica was faster.
    if (session.refreshToken === undefined || now() < refreshDueAt(session)) return 'refreshed';
    const result = await requestTokens(session, session.refreshToken);
    if (result === undefined) return 'unavailable';
    if (result.kind === 'rejected') return refuse(key, record, result);
    const { identity } = result;
    const refreshed = { ...record, session: refreshedSession(session, identity, now()) };
    const outcome = await write(key, refreshed, identity.accessToken);
    log(session, 'debug', 'session.refreshed', 'a session was refreshed');
    return outcome;
  };
}
