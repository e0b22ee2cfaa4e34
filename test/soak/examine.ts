/** Asks a process, judges the answer and notes what it shows. */
import { decodeJwt } from 'jose';
import type { Answer } from './ask.ts';
import type { Gatepost } from './gatepost.ts';
import { type Expected, judge, type Violation } from './judge.ts';
import type { Session } from './ledger.ts';
import type { Question } from './questions.ts';
import type { World } from './world.ts';

/** Reason and detail, never a header that could hold a token. */
export function describe({ status, error, headers, sentAt, answeredAt }: Answer): string {
  const reason = headers['x-gatepost-reason'];
  const told = status === 0 ? error : `${status}${reason === undefined ? '' : ` ${reason}`}`;
  return `${told} after ${Math.round(answeredAt - sentAt)} ms`;
}

/** @param expected what may come, as it is known when the answer is there */
export async function examine(
  world: World,
  process: Gatepost,
  question: Question,
  expected: (answer: Answer) => Expected,
  history: () => string[] = () => [],
): Promise<{ answer: Answer; violation: Violation | undefined }> {
  const answer = await process.ask(question);
  const { status, error, sentAt, answeredAt } = answer;
  const covers = (kind: Parameters<typeof world.announcements.covers>[0], name?: string) =>
    world.announcements.covers(kind, name, sentAt, answeredAt);
  const answered = {
    status,
    ...(error !== undefined && { error }),
    retryAfter: answer.headers['retry-after'] !== undefined,
    durationMs: answeredAt - sentAt,
  };
  const as = expected(answer);
  const violation = judge(as, answered, {
    fault: covers('fault'),
    keys: covers('keys'),
    killed: covers('killed', process.name),
    stopping: covers('stopping', process.name),
    frozen: covers('frozen', process.name),
  });
  if (violation !== undefined) {
    world.ledger.find({
      violation,
      at: world.seconds(),
      fault: world.state.fault,
      process: process.name,
      question: `${question.title} (${as})`,
      answer: describe(answer),
      history: history(),
    });
  }
  return { answer, violation };
}

function readSid(jwt: string | string[] | undefined): string | undefined {
  try {
    const { sid } = decodeJwt(String(jwt));
    return typeof sid === 'string' ? sid : undefined;
  } catch {
    return undefined;
  }
}

/** As `examine`, about a page that a session opens, or (`isForbidden`) that is for another group. */
export async function examineSession(
  world: World,
  process: Gatepost,
  session: Session,
  question: Question,
  isForbidden = false,
): Promise<Answer> {
  const { ledger } = world;
  // A question that was sent before the answer to a sign-out may still be answered with yes.
  const wasEnded = session.state === 'ended';
  const expected = (): Expected => {
    if (wasEnded) return 'ended';
    const isDoubtful = session.state !== 'alive' || session.doubt !== undefined;
    if (isDoubtful) return isForbidden ? 'doubtful_forbidden' : 'doubtful';
    return isForbidden ? 'forbidden' : 'alive';
  };
  const noted = (answer: Answer) => `asked at ${process.name} (${question.title}): ${describe(answer)}`;
  const everything = () => [...session.history, ...session.person.history];
  const { answer, violation } = await examine(
    world,
    process,
    question,
    (received) => {
      ledger.note(session, noted(received));
      return expected();
    },
    everything,
  );
  // Each session is counted once.
  if (violation === 'lost' || violation === 'revived') ledger.drop(session);
  const hasEnded = answer.status === 302 || answer.status === 401;
  if (hasEnded && session.state === 'alive' && session.doubt !== undefined) ledger.excuse(session);
  if (answer.status === 200) session.sid ??= readSid(answer.headers['x-authentik-jwt']);
  return answer;
}
