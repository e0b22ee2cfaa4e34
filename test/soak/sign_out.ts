/** What ends sessions: a click on "sign out", and the provider's logout token. */
import { randomUUID } from 'node:crypto';
import type { Answer } from './ask.ts';
import { examine } from './examine.ts';
import type { Gatepost } from './gatepost.ts';
import type { Session } from './ledger.ts';
import { alone } from './people.ts';
import { fromBrowser, type Question, withCookie } from './questions.ts';
import { OUTPOST } from './site.ts';
import type { World } from './world.ts';

/** Sends what ends sessions, and brings the ledger up to date. */
async function end(
  world: World,
  process: Gatepost,
  question: Question,
  sessions: Session[],
  ended: (answer: Answer) => Session[],
): Promise<void> {
  const { ledger } = world;
  const note = (text: string) => {
    for (const session of sessions) ledger.note(session, text);
  };
  for (const session of sessions) session.state = 'ending';
  note(`${question.title} sent to ${process.name}`);
  const { answer, violation } = await examine(
    world,
    process,
    question,
    () => 'sign_out',
    () => sessions[0]?.history ?? [],
  );
  const isDone = violation === undefined && (answer.status === 200 || answer.status === 302);
  note(`${question.title} answered ${answer.status === 0 ? answer.error : answer.status}`);
  const certain = isDone ? ended(answer) : [];
  for (const session of sessions.filter(({ state }) => state === 'ending')) {
    if (certain.includes(session)) ledger.end(session, performance.now());
    else {
      session.state = 'alive';
      ledger.doubt(
        session,
        isDone ? 'signed out with a session that may have been lost' : 'a sign-out was not answered',
      );
    }
  }
}

/** A click on "sign out": ends all sessions of the person. */
export async function signOut(world: World, process: Gatepost, session: Session): Promise<void> {
  const { person, site, cookie } = session;
  const question: Question = {
    title: 'sign_out',
    path: `${OUTPOST}/sign_out`,
    headers: fromBrowser(site, withCookie(site.cookie, cookie)),
  };
  await alone(person, () => {
    const all = [...person.sessions.filter(({ state }) => state === 'alive')];
    // Whose cookie names no session any more has nothing else to end.
    const ended = (answer: Answer) => (session.doubt === undefined || answer.status === 302 ? all : [session]);
    return end(world, process, question, all, ended);
  });
}

/** The provider ends the sessions of a user, or one of them by its `sid`. */
export async function sendLogoutToken(
  world: World,
  process: Gatepost,
  session: Session,
  by: 'sub' | 'sid',
): Promise<void> {
  const { person, site, sid } = session;
  if (by === 'sid' && sid === undefined) return;
  const now = Math.floor(Date.now() / 1000);
  const token = await world.provider.sign({
    iss: world.provider.issuer,
    aud: site.slug,
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    ...(by === 'sid' ? { sid } : { sub: person.sub }),
  });
  const question: Question = {
    title: `a logout token by ${by}`,
    path: `${OUTPOST}/backchannel_logout`,
    method: 'POST',
    headers: { ...fromBrowser(site), 'content-type': 'application/x-www-form-urlencoded' },
    body: `logout_token=${token}`,
  };
  await alone(person, () => {
    const alive = person.sessions.filter(({ state }) => state === 'alive');
    const all = by === 'sid' ? alive.filter((one) => one.sid === sid) : alive;
    return end(world, process, question, all, () => all);
  });
}
