/** The sessions of this outpost, over any store: finding, making, renewing and ending them. */
import { randomBytes } from 'node:crypto';
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import { createSeal } from '../crypto/seal.ts';
import type { AccessToken } from '../identity.ts';
import type { SessionEnd } from '../observe/counted_events.ts';
import { createDirectory } from './directory.ts';
import { createEndSession } from './end_session.ts';
import { createGapCheck } from './gap_check.ts';
import { createIdleTracker } from './idle.ts';
import type { Sessions, SessionsOptions } from './interface.ts';
import { sessionKey } from './keys.ts';
import { createLastUse } from './last_use.ts';
import { createRefreshScheduler } from './refresh_scheduler.ts';
import { createRefusals } from './refusals.ts';
import { createReplayGuard } from './replay_guard.ts';
import { createRevocation } from './revocation.ts';
import { isMadeFor, type LiveSession, refreshDueAt, type Session } from './session.ts';
import { type CacheEntry, createSessionCache } from './session_cache.ts';
import { createSessionGap } from './session_gap.ts';
import { createSessionIndex } from './session_index.ts';
import { createSessionReader } from './session_reader.ts';
import { encodeRecord, readRecord, type SessionRecord } from './session_record.ts';
import { createSessionTokens } from './session_tokens.ts';

export type { SessionOrigin, Sessions, SessionsOptions } from './interface.ts';

/** What cannot be an id is not looked up. */
const couldBeId = (id: string) => id.length >= 32 && id.length <= 128;

export function createSessions(options: SessionsOptions): Sessions {
  const { store, now, elapsed, journal, events, authority, gap = createSessionGap() } = options;
  const seal = createSeal(options.secret, 'session');
  const maxAgeMs = options.longestLifeMs;
  const isManaged = (application: string) => options.application(application)?.managed !== undefined;
  const authorityOf = (application: string) => (isManaged(application) ? authority : undefined);
  const revocation = createRevocation({ store, seal, journal, keepMs: maxAgeMs, now, authorityOf });
  const cache = createSessionCache(options.cacheBytes);
  const idle = createIdleTracker(store);
  const tokens = createSessionTokens({ store, seal, revocation, now, keepMs: maxAgeMs });
  const isCurrent = (session: Session) => isMadeFor(session, options.application(session.application));
  const index = createSessionIndex({ store, seal, now, keepMs: maxAgeMs });
  const lastUse = createLastUse({ store, seal, now, elapsed });
  const refusals = createRefusals({ store, seal, now });
  const endSession = createEndSession({ store, seal, tokens, journal, index, events });
  const read = createSessionReader({ store, seal, cache, isCurrent, events });
  const refresher = createRefreshScheduler({ ...options, seal, revocation, tokens, isCurrent });
  const checkGap = createGapCheck({ ...options, seal, isManaged, endSession });
  const stopListening = store.onInvalidate(cache.invalidate);

  /** Whether a current entry may be used now, after the refresh that it may need. */
  function checkFreshness(entry: CacheEntry, application: string): Awaitable<LiveSession | undefined> {
    const { session } = entry.live;
    // A session opens the application that it was made for: another one may have other access rules and another
    // provider.
    if (session.application !== application) return undefined;
    const at = now();
    if (at >= session.expiresAt) return undefined;
    if (entry.gapChecked !== gap.since) return checkAfterGap(entry);
    if (at < entry.dueAt) return entry.live;
    return checkDue(entry, at);
  }

  /** Attack: who was signed out at the provider while its session ends were not heard would stay signed in here. */
  function checkAfterGap(entry: CacheEntry): Awaitable<LiveSession | undefined> {
    const { since } = gap;
    const alive = since === undefined || checkGap(entry, since);
    return andThen(alive, (isAlive) => {
      if (!isAlive) return undefined;
      const at = now();
      return at < entry.dueAt ? entry.live : checkDue(entry, at);
    });
  }

  function checkDue(entry: CacheEntry, at: number): Awaitable<LiveSession | undefined> {
    const { session } = entry.live;
    if (session.idleMs !== undefined && elapsed() >= entry.touchDueAt) return touch(entry, session.idleMs);
    if (at >= entry.useDueAt) entry.useDueAt = at + lastUse.note(entry.live);
    entry.dueAt = session.idleMs === undefined ? Math.min(refreshDueAt(session), entry.useDueAt) : 0;
    if (at < refreshDueAt(session)) return entry.live;
    if (at >= session.tokenExpiresAt && !session.outlivesTokens) return refreshExpired(entry);
    refresher.refreshInBackground(entry);
    return entry.live;
  }

  /** A session that was not used for `session_idle` ends; that another replica has seen it in use counts. */
  async function touch(entry: CacheEntry, idleMs: number): Promise<LiveSession | undefined> {
    const { key, session } = entry.live;
    if (!(await idle.touch(key, session))) {
      await end(entry.id, 'idle');
      return undefined;
    }
    entry.touchDueAt = elapsed() + idle.pauseMs(idleMs);
    return checkFreshness(entry, session.application);
  }

  async function refreshExpired(entry: CacheEntry): Promise<LiveSession | undefined> {
    if (!(await refresher.refreshNow(entry))) return undefined;
    const refreshed = await read(entry.id);
    return refreshed !== undefined && now() < refreshed.live.session.tokenExpiresAt ? refreshed.live : undefined;
  }

  async function readLive(id: string, application: string): Promise<LiveSession | undefined> {
    const live = couldBeId(id) ? (await read(id))?.live : undefined;
    return live?.session.application === application ? live : undefined;
  }

  /** @param mode `replace` writes only where there still is such a record; whether it was written */
  async function write(
    mode: 'set' | 'replace',
    key: string,
    { session, revocationMarks }: SessionRecord,
    accessToken?: AccessToken,
  ): Promise<boolean> {
    const expiresAt = Math.min(session.expiresAt, session.createdAt + maxAgeMs);
    const record = { session: { ...session, expiresAt }, revocationMarks };
    await tokens.remember(key, record, accessToken);
    await idle.begin(key, session);
    return (await store[mode](key, encodeRecord(seal, key, record), Math.max(1, expiresAt - now()))) !== false;
  }

  async function end(id: string, reason: SessionEnd = 'ended'): Promise<void> {
    cache.evict(id);
    await endSession(sessionKey(id), reason);
  }

  /** A session that cannot be listed is not on its user's page, and lives: a sign-out ends it all the same. */
  async function list(key: string, session: Session): Promise<void> {
    const listed = await index.add(key, session).catch(() => false);
    if (listed) return;
    const { application, user } = session;
    const message = 'a session could not be listed: its user cannot see it, and ends it by signing out alone';
    events.emit('log', { level: 'warn', event: 'session.not_listed', message, application, user: user.username });
  }

  return {
    find(id, application) {
      const entry = cache.get(id);
      if (entry !== undefined && entry.generation === store.generation()) return checkFreshness(entry, application);
      if (!couldBeId(id)) return undefined;
      return andThen(read(id), (loaded) => loaded && checkFreshness(loaded, application));
    },
    async peek(id, application) {
      const live = await readLive(id, application);
      if (live === undefined || now() >= live.session.expiresAt) return undefined;
      return (await idle.isOver(live.key, live.session)) ? undefined : live.session;
    },
    lastSignOut: revocation.lastSignOut,
    owner: async (id, application) => (await readLive(id, application))?.session,
    async create(session, { since, replaces, accessToken, marks = [] } = {}) {
      const id = randomBytes(32).toString('base64url');
      const revocationMarks = [...(await revocation.marks(session, since)), ...marks];
      const key = sessionKey(id);
      await Promise.all([write('set', key, { session, revocationMarks }, accessToken), list(key, session)]);
      events.emit('session_started', { application: session.application, auth_method: session.authMethod });
      if (replaces !== undefined) await end(replaces, 'replaced');
      return id;
    },
    async renew(id, session, accessToken) {
      const key = sessionKey(id);
      const record = await readRecord(store, seal, key);
      if (record === undefined) return 'gone';
      if (record.session.issuer !== session.issuer || record.session.sub !== session.sub) {
        await end(id, 'replaced');
        return 'gone';
      }
      const revocationMarks = await revocation.carryOver(
        session,
        record.revocationMarks,
        session.expiresAt > record.session.expiresAt,
      );
      if (revocationMarks === undefined) return 'signed_out';
      const { startedBy = session.startedBy } = record.session;
      const renewed = { session: { ...session, startedBy }, revocationMarks };
      const [written] = await Promise.all([write('replace', key, renewed, accessToken), list(key, session)]);
      return written ? 'renewed' : 'gone';
    },
    end,
    endUser: revocation.endUser,
    endSid: revocation.endSid,
    tokenMarks: tokens.marks,
    consumeOnce: createReplayGuard(store, seal),
    noteRefusal: refusals.note,
    lastRefusal: refusals.last,
    directory: createDirectory({ store, seal, index, lastUse, revocation, endSession, isCurrent, now }),
    idle: refresher.idle,
    close() {
      stopListening();
      cache.close();
    },
  };
}
