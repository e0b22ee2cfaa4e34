/** What visitors and the provider do: logins, sign-outs and logout tokens. */
import { randomUUID } from 'node:crypto';
import { createBrowser } from '../support/browser.ts';
import type { Answer } from './ask.ts';
import { examine } from './examine.ts';
import type { Gatepost } from './gatepost.ts';
import type { Person, Session } from './ledger.ts';
import { fromBrowser, type Question, withCookie } from './questions.ts';
import { OUTPOST, type Site } from './site.ts';
import type { World } from './world.ts';

/** One at a time for each person; `undefined` where there is something under way. */
async function alone<T>(person: Person, work: () => Promise<T>): Promise<T | undefined> {
  if (person.busy) return undefined;
  person.busy = true;
  try {
    return await work();
  } finally {
    person.busy = false;
  }
}

/** A browser for one login; what it asks of Gatepost goes to one process after the other, and is judged. */
function createVisitor(world: World, site: Site, processes: Gatepost[]) {
  let requests = 0;
  const send = async (url: string, init: RequestInit & { headers: Headers }): Promise<Response> => {
    if (url.startsWith(world.provider.issuer)) return fetch(url, init);
    const process = processes[requests++ % processes.length]!;
    const { pathname, search } = new URL(url);
    const question: Question = {
      title: `a login at ${site.slug}: ${pathname}`,
      path: pathname + search,
      headers: fromBrowser(site, Object.fromEntries(init.headers)),
    };
    const { answer } = await examine(world, process, question, () => 'login');
    return toResponse(answer);
  };
  return createBrowser(undefined, send);
}

function toResponse({ status, headers, body }: Answer): Response {
  if (status === 0) return new Response(null, { status: 504 });
  const response = new Response(body, { status });
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'set-cookie' || name === 'location')
      for (const one of [value ?? []].flat()) response.headers.append(name, one);
  }
  return response;
}

/** The new session; `undefined` where the login was not answered with one. */
export async function logIn(
  world: World,
  person: Person,
  site: Site,
  processes: Gatepost[],
): Promise<Session | undefined> {
  return alone(person, async () => {
    const browser = createVisitor(world, site, processes);
    const { issuer } = world.provider;
    const origin = `https://${site.host}`;
    const first = await browser.open(`${origin}${OUTPOST}/start?rd=/page`);
    if (!first.location?.startsWith(issuer)) return undefined;
    const back = await browser.follow(`${first.location}&login_hint=${person.user}`, (url) => url.origin !== issuer);
    if (back.location === undefined) return undefined;
    const madeAt = performance.now();
    await browser.open(back.location);
    const pair = browser
      .cookiesFor(`${origin}/`)
      .split('; ')
      .find((one) => one.startsWith(`${site.cookie}=`));
    if (pair === undefined) return undefined;
    const cookie = pair.slice(pair.indexOf('=') + 1);
    const where = processes.map(({ name }) => name).join(' and ');
    return world.ledger.add({ person, site, cookie, madeAt }, where);
  });
}

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
