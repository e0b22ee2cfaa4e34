/**
 * After a gap in which the ends of sessions at authentik were not heard: each older session is asked about once, at its
 * next use, by introspection of its access token. authentik deletes the tokens with their session.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { orAfter } from '../async/deadline.ts';
import type { Awaitable } from '../async/maybe_async.ts';
import { createSingleFlight } from '../async/single_flight.ts';
import { createSlots } from '../async/slots.ts';
import type { Seal } from '../crypto/seal.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../stores/store.ts';
import { isAskable } from './askable.ts';
import type { EndSession } from './end_session.ts';
import { ASK_PAUSE_MS, createGapRows, type Turn } from './gap_row.ts';
import type { Session } from './session.ts';
import type { CacheEntry } from './session_cache.ts';
import { readRecord } from './session_record.ts';

/** A request waits so long for the answer; then the session counts as it did, and ends should the answer say so. */
const ASK_WAIT_MS = 2000;
/** Between looks for the answer that another process waits for. */
const POLL_MS = 100;
/** Questions of a process at once: after a gap every session of a busy site is asked about within seconds. */
const MAX_QUESTIONS = 50;
/** More of them wait for their turn, ... */
const MAX_WAITING = 5000;
/** ... and no longer than this, so that the next question about the session is not sent soon after. */
const TURN_MS = 5000;
/** A session that has ended at the provider is deleted as soon as the store takes it. */
const RETRY_MS = 500;
const GIVE_UP_MS = 60_000;
export interface GapCheckOptions {
  store: Store;
  seal: Seal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
  /** Whether the session ends of its provider are told to us: those of managed applications. */
  isManaged: (application: string) => boolean;
  provider: (application: string) => Provider | undefined;
  endSession: EndSession;
  events: Events;
}

export function createGapCheck(options: GapCheckOptions) {
  const { store, seal, now, elapsed, isManaged, provider, endSession, events } = options;
  const takeTurn = createGapRows({ store, seal, now });
  const inTurn = createSlots(MAX_QUESTIONS, MAX_WAITING);
  const questions = createSingleFlight<boolean>();

  /** Our turn, or what another process has found out; waits for its answer as long as a request would. */
  async function findTurn(entry: CacheEntry, since: number): Promise<Turn | undefined> {
    const until = performance.now() + ASK_WAIT_MS;
    for (;;) {
      const turn = await takeTurn(entry.live, since);
      const isOver = turn !== undefined && (turn.kind !== 'asked' || !turn.isOpen || turn.agoMs >= ASK_WAIT_MS);
      if (isOver || performance.now() >= until) return turn;
      await sleep(POLL_MS);
    }
  }

  /** @returns whether the session goes on. Never rejects: an outage leaves it */
  async function question(entry: CacheEntry, since: number): Promise<boolean> {
    try {
      const turn = await findTurn(entry, since);
      if (turn?.kind === 'gone') return false;
      if (turn?.kind === 'alive') entry.gapChecked = since;
      if (turn?.kind === 'asked') entry.askDueAt = elapsed() + ASK_PAUSE_MS - turn.agoMs;
      if (turn?.kind !== 'ours') return true;
      if (!(await isAlive(entry.live.session))) return !(await end(entry));
      entry.gapChecked = since;
      await turn.answered();
    } catch (error) {
      const message = 'whether a session still lives at its provider could not be found out';
      log('debug', 'session.not_asked', message, entry.live.session, error);
    }
    return true;
  }

  /** @throws ProviderUnavailable also where it was not the question's turn in time */
  async function isAlive({ application, jwt }: Session): Promise<boolean> {
    const asked = provider(application);
    if (asked === undefined) return true;
    const until = elapsed() + TURN_MS;
    const answer = inTurn(async () => {
      if (elapsed() > until) throw new ProviderUnavailable();
      return asked.isActive(jwt);
    });
    if (answer === undefined) throw new ProviderUnavailable();
    return (await answer) !== false;
  }

  /** Ends the session, unless it has other tokens meanwhile; whether it did. */
  async function end({ live: { key, session } }: CacheEntry): Promise<boolean> {
    const until = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        const present = await readRecord(store, seal, key);
        if (present !== undefined && present.session.jwt !== session.jwt) return false;
        await endSession(key, 'logged_out');
        break;
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(RETRY_MS);
      }
    }
    const message = 'a session has ended: at its provider it had ended while the ends of sessions were not heard';
    log('info', 'session.ended_unheard', message, session);
    return true;
  }

  function log(level: 'debug' | 'info', event: string, message: string, session: Session, error?: unknown): void {
    const { application, user } = session;
    events.emit('log', { level, event, message, application, user: user.username, error });
  }

  /**
   * Whether a session that was not asked about since the gap goes on.
   * @param since the end of the gap, in milliseconds since the epoch
   */
  return function check(entry: CacheEntry, since: number): Awaitable<boolean> {
    const { key, session } = entry.live;
    const running = questions.get(key);
    if (running !== undefined) return running;
    if (elapsed() < entry.askDueAt) return true;
    if (!isManaged(session.application) || !isAskable(session, since, now())) {
      entry.gapChecked = since;
      return true;
    }
    entry.askDueAt = elapsed() + ASK_PAUSE_MS;
    return questions.run(key, () => orAfter(question(entry, since), ASK_WAIT_MS, true));
  };
}
