/** The session ends that authentik tells of, in the order of their arrival; those that the store does not take wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { orAfter } from '../async/deadline.ts';
import { StoreUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { counted, listed } from '../words.ts';
import { createEndAtAuthority, type EndAtAuthorityOptions } from './end_at_authority.ts';

/** A `sid` of authentik is 64 hexadecimal digits; what could be none is not looked up. */
const SID = /^[A-Za-z0-9_-]{16,128}$/;
/** While the store takes nothing, the newest wait for it. */
const MAX_WAITING = 10_000;
/** While it does, so many: an authentik that tidies up tells of all its old sessions at once. */
const MAX_BURST = 100_000;
/** A store that fails is tried again so often. */
const RETRY_MS = 500;
/** A process that stops waits so long for what is still to be ended. */
const CLOSE_MS = 2000;
/** A `sid` is told to nobody; this much of it tells two lines of the log apart. */
const SHOWN_CHARS = 8;
const MAX_SHOWN = 3;

export interface SessionEndsOptions extends EndAtAuthorityOptions {
  events: Events;
  /**
   * The store took nothing for so long that session ends were given up, and takes them again: what ended meanwhile is
   * not known, as after a gap (session_gap.ts).
   */
  onLost?: () => void;
}

export interface SessionEnds {
  /** A session of the authority has ended. Returns at once; what is no `sid` does nothing. */
  push(sid: string): void;
  /** Resolves when nothing is left to be ended. */
  idle(): Promise<void>;
  /** Waits for that, at most two seconds; then nothing is tried any more. */
  close(): Promise<void>;
}

/** Needs a store and no snapshot: it may live in another process than the one that answers. */
export function createSessionEnds(options: SessionEndsOptions): SessionEnds {
  const { events } = options;
  const end = createEndAtAuthority(options);
  let waiting = new Set<string>();
  let running: Promise<void> | undefined;
  let isFailing = false;
  let lost = 0;
  let isClosed = false;

  function trim(): void {
    const most = isFailing ? MAX_WAITING : MAX_BURST;
    for (const oldest of waiting) {
      if (waiting.size <= most) return;
      waiting.delete(oldest);
      if (lost++ === 0) sayLost();
    }
  }

  function sayLost(): void {
    const message =
      'the store has not taken session ends of authentik for so long that the oldest of them were given up';
    events.emit('log', { level: 'error', event: 'outpost.session_ends_lost', message });
  }

  function say(sids: readonly string[]): void {
    const shown = sids.slice(0, MAX_SHOWN + 1).map((sid) => sid.slice(0, SHOWN_CHARS));
    const names = sids.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN).join(', ')}, …` : listed(shown, MAX_SHOWN);
    const message = `authentik has ended ${counted(sids.length, 'session')}: ${names}`;
    events.emit('log', { level: 'debug', event: 'outpost.session_ended', message });
  }

  /** @returns whether the store took it, or never will */
  async function endRound(round: ReadonlySet<string>): Promise<boolean> {
    try {
      await end([...round]);
      say([...round]);
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      const message = 'sessions that authentik has ended could not be ended';
      events.emit('log', { level: 'error', event: 'outpost.session_ends_lost', message, error });
      lost += round.size;
    }
    return true;
  }

  function recover(): void {
    isFailing = false;
    if (lost === 0) return;
    lost = 0;
    options.onLost?.();
  }

  async function run(): Promise<void> {
    while (waiting.size > 0 && !isClosed) {
      // All that came in with this tick is one round.
      await Promise.resolve();
      const round = waiting;
      waiting = new Set();
      if (await endRound(round)) {
        recover();
        continue;
      }
      isFailing = true;
      waiting = new Set([...round, ...waiting]);
      trim();
      await sleep(RETRY_MS);
    }
    running = undefined;
  }

  const idle = async () => void (await running);
  return {
    push(sid) {
      if (isClosed || !SID.test(sid)) return;
      waiting.delete(sid);
      waiting.add(sid);
      trim();
      running ??= run();
    },
    idle,
    async close() {
      await orAfter(idle(), CLOSE_MS, undefined);
      isClosed = true;
    },
  };
}
