/** The mixed load: so many actions a second, chosen by chance, none waiting for another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { addPrograms, createCredentials } from './credentials.ts';
import { examine, examineSession } from './examine.ts';
import type { Gatepost } from './gatepost.ts';
import type { Expected } from './judge.ts';
import type { Person, Session } from './ledger.ts';
import { logIn } from './login.ts';
import { newPerson } from './people.ts';
import { aboutPage, type Question, withCookie } from './questions.ts';
import { pickWeighted } from './random.ts';
import { sendLogoutToken, signOut } from './sign_out.ts';
import { OUTPOST, sites } from './site.ts';
import type { World } from './world.ts';

/** Sessions that are alive together, as far as sign-outs let them. */
const SESSIONS = 40;
/** Of each person. */
const MAX_SESSIONS = 2;
/** Ended sessions that are asked about again and again. */
const KEPT_ENDED = 150;
const MAX_UNDER_WAY = 300;

export function createLoad(world: World) {
  const { random, ledger, announcements } = world;
  addPrograms(world);
  const credentials = createCredentials(world);
  const people: Person[] = [];
  const counts: Record<string, number> = {};
  let underWay = 0;
  let turn = 0;
  let isRunning = true;
  let failure: unknown;

  function addPerson(): Person {
    const person = newPerson(world.provider, people.length + 1);
    people.push(person);
    return person;
  }

  /** By turns; `undefined` where none is up. */
  function nextProcess(): Gatepost | undefined {
    const up = world.up();
    turn += 1;
    return up[turn % up.length];
  }

  /** A sign-out that was not answered may still be done later, and end what is made meanwhile. */
  const isFree = ({ busy, sessions }: Person) =>
    !busy &&
    sessions.length > 0 &&
    sessions.length < MAX_SESSIONS &&
    sessions.every(({ doubt }) => doubt === undefined);

  async function login(): Promise<void> {
    const free = people.filter(isFree);
    const person = (random.next() < 0.5 ? random.pick(free) : undefined) ?? addPerson();
    const processes = random.shuffle(world.up());
    if (processes.length > 0) await logIn(world, person, random.pick(sites)!, processes);
  }

  /** While processes may be on different databases (a folder was emptied), what they know of new sessions differs. */
  const isSettled = ({ person }: Session) => person.sessions.every(({ madeAt }) => madeAt < world.state.unsettledSince);

  async function endSomebody(how: 'browser' | 'sub' | 'sid'): Promise<void> {
    const session = ledger.pickAlive();
    const process = nextProcess();
    if (session === undefined || process === undefined || !isSettled(session)) return;
    if (how === 'browser') await signOut(world, process, session);
    else await sendLogoutToken(world, process, session, how);
    ledger.forgetOldest(KEPT_ENDED);
  }

  async function askAbout(session: Session | undefined, process = nextProcess()): Promise<void> {
    if (session === undefined || process === undefined) return;
    const isForbidden = !session.person.isAdmin && random.next() < 0.1;
    const page = isForbidden ? '/admin' : random.pick(['/page', '/files/1'])!;
    const question = aboutPage(random, session.site, page, withCookie(session.site.cookie, session.cookie));
    await examineSession(world, process, session, question, isForbidden);
  }

  /** @param unless what makes a good credential an uncertain one */
  async function ask(question: Question, expected: Expected, unless?: 'keys' | 'ahead'): Promise<void> {
    const process = nextProcess();
    if (process === undefined) return;
    await examine(world, process, question, ({ sentAt, answeredAt }) =>
      unless !== undefined && announcements.covers(unless, process.name, sentAt, answeredAt) ? 'uncertain' : expected,
    );
  }

  const ping: Question = { title: 'ping', path: `${OUTPOST}/ping`, headers: { host: 'gatepost' } };
  const page = (path: string) => aboutPage(random, random.pick(sites)!, path);

  /** By weight. */
  const actions: Record<string, [weight: number, act: () => Promise<void>]> = {
    'a session': [46, () => askAbout(ledger.pickAlive())],
    'an ended session': [14, () => askAbout(ledger.pickEnded())],
    'a login': [8, async () => (ledger.alive().length < SESSIONS ? login() : undefined)],
    'a sign-out': [1.5, () => endSomebody('browser')],
    'a logout token by sub': [0.7, () => endSomebody('sub')],
    'a logout token by sid': [0.7, () => endSomebody('sid')],
    'an app password': [6, async () => ask(await credentials.basic(), 'good', 'ahead')],
    'a bearer token': [6, async () => ask(await credentials.bearer(), 'good', 'keys')],
    nobody: [4, () => ask(page('/page'), 'anonymous')],
    'a public page': [4, () => ask(page('/public/1'), 'public')],
    ping: [2, () => ask(ping, 'public')],
    'a wrong credential': [8, async () => ask(await credentials.wrong(), 'wrong')],
  };
  const weights = Object.entries(actions).map(([name, [weight]]): [string, number] => [name, weight]);

  async function act(name: string): Promise<void> {
    underWay += 1;
    counts[name] = (counts[name] ?? 0) + 1;
    try {
      await actions[name]![1]();
    } catch (error) {
      failure ??= error;
    } finally {
      underWay -= 1;
    }
  }

  return {
    /** How often each of them was chosen. */
    counts,
    /** Until `stop`. Throws where the soak itself is wrong. */
    async run(perSecond: number): Promise<void> {
      const began = performance.now();
      for (let done = 0; isRunning; ) {
        const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
        // A machine that was held up does not catch up.
        done = Math.max(done, due - perSecond);
        for (; done < due && underWay < MAX_UNDER_WAY; done++) void act(pickWeighted(random, weights));
        await sleep(20);
        if (failure !== undefined) throw failure;
      }
    },
    async stop(): Promise<void> {
      isRunning = false;
      while (underWay > 0) await sleep(20);
    },
    /** Some people, at once: for faults that are about what was written last. */
    async act(name: string, times: number): Promise<void> {
      await Promise.all(Array.from({ length: times }, () => act(name)));
    },
    /** Every session at every process that is up. */
    async sweep(): Promise<void> {
      for (const session of ledger.sessions())
        await Promise.all(world.up().map((process) => askAbout(session, process)));
    },
  };
}

export type Load = ReturnType<typeof createLoad>;
