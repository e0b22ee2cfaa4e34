/** What an answer may be, and what it shows where it is another one: the whole contract of the soak, without I/O. */

/** What was known of a question's session or credential, from its sending to its answer. */
export type Expected =
  /** A session that is alive, on a page that it opens. */
  | 'alive'
  /** A session that is alive, on a page of another group. */
  | 'forbidden'
  /** A session whose sign-out was answered before the question was sent. */
  | 'ended'
  /** A session of which nothing certain is known: its sign-out was not answered, or its record may be lost. */
  | 'doubtful'
  /** The same, on a page of another group. */
  | 'doubtful_forbidden'
  /** An app password or bearer token that is good. */
  | 'good'
  /** As `good`, while the key that signed it may not have been read, or a clock is past the end of its tokens. */
  | 'uncertain'
  /** No credential. */
  | 'anonymous'
  /** A credential that is none, or is for another application. */
  | 'wrong'
  /** A public page, or `ping`: needs neither store nor provider. */
  | 'public'
  /** A step of a login. */
  | 'login'
  /** A sign-out or a logout token. */
  | 'sign_out';

export type Violation = 'lost' | 'revived' | 'wrong_yes' | 'failed';

export interface Answered {
  /** 0 where no answer came. */
  status: number;
  /** The code of the error where no answer came (`ECONNRESET`, `TIMEOUT`). */
  error?: string;
  retryAfter: boolean;
  durationMs: number;
}

/** What the run had announced for the time of the question. */
export interface Circumstances {
  fault: boolean;
  /** Gatepost may not have read the provider's keys: it is some seconds before it tries again. */
  keys: boolean;
  killed: boolean;
  stopping: boolean;
  frozen: boolean;
}

/** A page that needs nothing has to come in this time, whatever happens to others. */
const PUBLIC_MS = 5000;

const EXPECTED: Record<Expected, readonly number[]> = {
  alive: [200],
  forbidden: [403],
  ended: [302, 401],
  doubtful: [200, 302, 401],
  doubtful_forbidden: [302, 401, 403],
  good: [200],
  uncertain: [200, 302, 401],
  anonymous: [302, 401],
  wrong: [302, 401, 429],
  public: [200, 204],
  login: [302],
  sign_out: [200, 302],
};

const MUST_NOT_OPEN: Partial<Record<Expected, Violation>> = {
  forbidden: 'wrong_yes',
  doubtful_forbidden: 'wrong_yes',
  ended: 'revived',
  anonymous: 'wrong_yes',
  wrong: 'wrong_yes',
};

/** nginx understands no 429: there it is a 403. */
const isExpected = (expected: Expected, status: number) =>
  EXPECTED[expected].includes(status) || (expected === 'wrong' && status === 403);

/** `undefined`: as it should be. */
export function judge(expected: Expected, answer: Answered, circumstances: Circumstances): Violation | undefined {
  const { status } = answer;
  if (status === 0) return judgeSilence(answer, circumstances);
  if (status === 503) return answer.retryAfter && mayBeUnavailable(expected, circumstances) ? undefined : 'failed';
  if (status === 200 && MUST_NOT_OPEN[expected] !== undefined) return MUST_NOT_OPEN[expected];
  // What it forbids, it has recognised.
  if (expected === 'ended' && status === 403) return 'revived';
  const isSession = expected === 'alive' || expected === 'forbidden';
  if (isSession && (status === 302 || status === 401)) return 'lost';
  if (!isExpected(expected, status)) return 'failed';
  const isLate = expected === 'public' && answer.durationMs > PUBLIC_MS;
  return isLate && !circumstances.frozen && !circumstances.killed ? 'failed' : undefined;
}

/** Tokens whose keys are unknown wait for them; nothing else does. */
function mayBeUnavailable(expected: Expected, { fault, keys }: Circumstances): boolean {
  if (expected === 'public') return false;
  return fault || (keys && (expected === 'wrong' || expected === 'uncertain'));
}

/** A process that was told to stop refuses connections, and resets none. */
function judgeSilence({ error }: Answered, { killed, stopping, frozen }: Circumstances): Violation | undefined {
  const isAnnounced = killed || (stopping && error === 'ECONNREFUSED') || (frozen && error === 'TIMEOUT');
  return isAnnounced ? undefined : 'failed';
}
