/** What must be true: each session with its history, and what was found that must not be. */
import type { Violation } from './judge.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

export interface Person {
  user: string;
  sub: string;
  isAdmin: boolean;
  sessions: Session[];
  /** One login, sign-out or logout at a time, so that it is known what came first. */
  busy: boolean;
  /** What the provider did for this person. */
  history: string[];
}

export interface Session {
  number: number;
  person: Person;
  site: Site;
  /** Never printed. */
  cookie: string;
  /** `ending`: its sign-out was sent and not answered. `gone`: not looked at any more. */
  state: 'alive' | 'ending' | 'ended' | 'gone';
  /** Why it may have ended without an answer that says so. */
  doubt: string | undefined;
  /** Milliseconds of the monotonic clock: when its login was answered. Its record may be a little older. */
  madeAt: number;
  endedAt: number;
  /** The provider's name of it, once it was seen. */
  sid: string | undefined;
  history: string[];
}

export interface Finding {
  violation: Violation;
  /** Seconds since the start. */
  at: string;
  fault: string;
  process: string;
  question: string;
  answer: string;
  history: string[];
}

/** What is said of a session that is asked about again and again. */
const MAX_HISTORY = 30;

/** @param seconds since the start of the run, as text */
export function createLedger(random: Random, seconds: () => string) {
  let sessions: Session[] = [];
  let made = 0;
  const findings: Finding[] = [];
  const counts = { lost: 0, revived: 0, wrong_yes: 0, failed: 0 };
  const excused: Record<string, number> = {};

  function note({ history }: { history: string[] }, text: string): void {
    history.push(`${seconds()} ${text}`);
    if (history.length > MAX_HISTORY) history.splice(1, 1);
  }

  function drop(session: Session): void {
    session.state = 'gone';
    session.person.sessions = session.person.sessions.filter((one) => one !== session);
    sessions = sessions.filter((one) => one !== session);
  }

  return {
    counts,
    findings,
    /** Sessions that ended for a reason that was announced, by reason. */
    excused,
    note,
    drop,
    made: () => made,
    sessions: () => sessions,
    alive: () => sessions.filter(({ state }) => state === 'alive'),
    pickAlive: () => random.pick(sessions.filter(({ state }) => state === 'alive')),
    /** The latest ones more often. */
    pickEnded(): Session | undefined {
      const ended = sessions.filter(({ state }) => state === 'ended');
      return random.pick(random.next() < 0.5 ? ended.slice(-20) : ended);
    },
    add(session: Pick<Session, 'person' | 'site' | 'cookie'>, where: string): Session {
      made += 1;
      const added: Session = {
        ...session,
        number: made,
        state: 'alive',
        doubt: undefined,
        madeAt: performance.now(),
        endedAt: 0,
        sid: undefined,
        history: [],
      };
      note(added, `made at ${session.site.slug} by a login ${where}`);
      session.person.sessions.push(added);
      sessions.push(added);
      return added;
    },
    /** From here on it is only known that it must not come back once its sign-out is answered. */
    doubt(session: Session, why: string): void {
      if (session.state === 'ended' || session.state === 'gone') return;
      session.doubt ??= why;
      note(session, `doubtful: ${why}`);
    },
    end(session: Session, at: number): void {
      session.state = 'ended';
      session.endedAt = at;
    },
    /** A doubtful session has ended. */
    excuse(session: Session): void {
      const why = session.doubt ?? 'unknown';
      excused[why] = (excused[why] ?? 0) + 1;
      drop(session);
    },
    find(finding: Finding): void {
      counts[finding.violation] += 1;
      findings.push(finding);
    },
    /** Ended sessions that have been asked about for long make room. */
    forgetOldest(keep: number): void {
      const ended = sessions.filter(({ state }) => state === 'ended');
      for (const session of ended.slice(0, Math.max(0, ended.length - keep))) drop(session);
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
