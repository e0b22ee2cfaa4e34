/** Ends of sessions that authentik tells of: they end what is filed under them, and nothing else, at constant cost. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import type { SessionEnds } from '../../src/sessions/session_ends.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { waitUntil, within } from '../support/wait.ts';
import {
  createClock,
  HOUR,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  makeSession,
  openManaged,
  openSessionEnds,
  openSessions,
  refreshingProvider,
  SECRET,
} from './fixture.ts';
import { createLossyStore } from './lossy_store.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** As in authentik's tokens: the hash of its session key. */
const SID = sha256('alice');
const OTHER = sha256('bob');

let clock: ReturnType<typeof createClock>;
let lossy: ReturnType<typeof createLossyStore>;
let store: Store;
let sessions: Sessions;
let ends: SessionEnds;

const signIn = (sid: string | undefined, over = sessions, changes = {}) =>
  over.create(makeSession(clock.now(), { sid, ...changes }));
const isLive = async (id: string, over = sessions, application = 'grafana') =>
  (await over.find(id, application)) !== undefined;
async function tell(...sids: string[]): Promise<void> {
  for (const sid of sids) ends.push(sid);
  await ends.idle();
}

/** A store that counts its calls, and may fail. */
function watched(inner: Store) {
  const state = { calls: [] as string[], isDown: false };
  const proxy = new Proxy(inner, {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function' || ['onInvalidate', 'onReopen', 'generation', 'peek'].includes(name))
        return member;
      return (...args: never[]) => {
        state.calls.push(name);
        if (state.isDown) return Promise.reject(new StoreUnavailable());
        return (member as (...args: never[]) => unknown)(...args);
      };
    },
  });
  return { store: proxy, state };
}

function logOf() {
  const events = createEvents();
  const lines: LogEvent[] = [];
  events.on('log', (line) => lines.push(line));
  return { events, lines };
}

beforeEach(() => {
  clock = createClock();
  lossy = createLossyStore(clock.now);
  store = lossy.store;
  sessions = openManaged(store, { now: clock.now });
  ends = openSessionEnds(store, { now: clock.now });
});
afterEach(() => store.close());

describe('what an end ends', () => {
  test('that session on every replica, and no other one of its user', async () => {
    const [phone, laptop] = [await signIn(SID), await signIn(OTHER)];
    const replica = openManaged(store, { now: clock.now });
    expect([await isLive(phone, replica), await isLive(laptop, replica)]).toEqual([true, true]);
    await tell(SID);
    for (const over of [sessions, replica]) expect(await isLive(phone, over)).toBe(false);
    for (const over of [sessions, replica]) expect(await isLive(laptop, over)).toBe(true);
  });

  test('the sessions of all applications with one event, whatever their issuers', async () => {
    const ids = await Promise.all(
      ['grafana', 'wiki', 'mail'].map((application) =>
        signIn(SID, sessions, { application, issuer: `https://auth.example.com/application/o/${application}/` }),
      ),
    );
    await tell(SID);
    const live = ['grafana', 'wiki', 'mail'].map((application, at) => isLive(ids[at]!, sessions, application));
    expect(await Promise.all(live)).toEqual([false, false, false]);
  });

  test.each([
    ['neither side is hashed', 'k3y-of-the-session-at-authentik', 'k3y-of-the-session-at-authentik'],
    ['the event alone is hashed', 'k3y-of-the-session-at-authentik', sha256('k3y-of-the-session-at-authentik')],
    ['the token alone is hashed', sha256('k3y-of-the-session-at-authentik'), 'k3y-of-the-session-at-authentik'],
  ])('in a version of authentik where %s', async (_, sid, told) => {
    const [id, since] = [await signIn(sid), await sessions.lastSignOut()];
    await tell(told);
    expect(await isLive(id)).toBe(false);
    const late = await sessions.create(makeSession(clock.now(), { sid }), { since });
    expect(await isLive(late)).toBe(false);
  });

  test('its tokens too: as bearer tokens they open nothing any more', async () => {
    const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
    const iat = Math.floor(clock.now() / 1000) - 1;
    const jwt = `${part({ alg: 'RS256' })}.${part({ sub: 'alice-sub', sid: SID, iat, exp: iat + 3600 })}.x`;
    const session = makeSession(clock.now(), { sid: SID, jwt });
    const identity = { ...makeIdentity(session, clock.now()), sid: SID, jwt };
    await sessions.create(session);
    expect(await sessions.tokenMarks(jwt, identity, 'grafana')).toBeDefined();
    await tell(SID);
    expect(await sessions.tokenMarks(jwt, identity, 'grafana')).toBeUndefined();
  });

  test('nothing of an application that the operator has added: its provider may be another one', async () => {
    const id = await signIn(SID, sessions, { application: 'added' });
    await tell(SID);
    expect(await isLive(id, sessions, 'added')).toBe(true);
  });

  test('a session that was made under a secret which has another before it now', async () => {
    const id = await signIn(SID);
    const secret = ['another secret for tests, longer than thirty-two', SECRET];
    ends = openSessionEnds(store, { now: clock.now, secret });
    await tell(SID);
    expect(await isLive(id, openManaged(store, { now: clock.now, secret }))).toBe(false);
  });

  test('a session that was made before authentik managed its application, once it was refreshed', async () => {
    let answers = 0;
    const provider = refreshingProvider(async () => {
      answers++;
      const session = makeRefreshable(clock.now(), { sid: SID });
      return { kind: 'verified', identity: makeIdentity(session, clock.now(), { sid: SID }) };
    });
    const before = openSessions(store, { now: clock.now });
    const id = await before.create(makeRefreshable(clock.now(), { sid: SID }));
    const after = openManaged(store, { now: clock.now, provider: () => provider });
    expect(await isLive(id, after)).toBe(true);
    clock.pass(11 * MINUTE);
    expect(await isLive(id, after)).toBe(true);
    expect(answers).toBe(1);
    await tell(SID);
    expect(await isLive(id, after)).toBe(false);
  });
});

describe('a login in progress', () => {
  test('whose exchange began before the event is ended, and the next one is not', async () => {
    const since = await sessions.lastSignOut();
    await tell(SID);
    expect(await isLive(await sessions.create(makeSession(clock.now(), { sid: SID }), { since }))).toBe(false);
    // authentik tells of an end, too, when an impersonation begins, and keeps the `sid`.
    const next = await sessions.lastSignOut();
    expect(await isLive(await sessions.create(makeSession(clock.now(), { sid: SID }), { since: next }))).toBe(true);
  });

  test('with another `sid` goes on', async () => {
    const since = await sessions.lastSignOut();
    await tell(SID);
    expect(await isLive(await sessions.create(makeSession(clock.now(), { sid: OTHER }), { since }))).toBe(true);
  });

  test.each(['set', 'replace'] as const)('that is stored while the event is at its %s is ended', async (step) => {
    const since = await sessions.lastSignOut();
    let id = '';
    const slow: Store = {
      ...store,
      async [step](key: string, value: string, ttlMs: number) {
        id ||= await sessions.create(makeSession(clock.now(), { sid: SID }), { since });
        return (await store[step](key, value, ttlMs)) as never;
      },
    };
    ends = openSessionEnds(slow, { now: clock.now });
    await tell(SID);
    expect(id).not.toBe('');
    expect(await isLive(id)).toBe(false);
  });

  test('that is being stored when the event comes is ended', async () => {
    for (const step of ['add', 'getMany', 'set'] as const) {
      const held: Store = { ...store };
      const late = openManaged(held, { now: clock.now });
      const since = await late.lastSignOut();
      const sid = sha256(step);
      let told: Promise<void> | undefined;
      Object.assign(held, {
        async [step](...args: never[]) {
          told ??= tell(sid);
          await told;
          return (store[step] as (...args: never[]) => unknown)(...args);
        },
      });
      const id = await late.create(makeSession(clock.now(), { sid }), { since });
      expect([step, await isLive(id)]).toEqual([step, false]);
    }
  });
});

describe('an end of a session that is none here', () => {
  test('costs what the end of one costs, and leaves one small record for ten minutes', async () => {
    await signIn(SID);
    await signIn(OTHER);
    const before = [...(await lossy.rows()).keys()];
    const { store: counting, state } = watched(store);
    ends = openSessionEnds(counting, { now: clock.now });
    await tell(SID);
    const known = state.calls.splice(0);
    await tell(sha256('nobody'));
    expect(state.calls).toEqual(known);
    expect(known.toSorted()).toEqual(['increment', 'replace', 'replace', 'set']);
    clock.pass(11 * MINUTE);
    expect([...(await lossy.rows()).keys()].toSorted()).toEqual(before.toSorted());
  });

  test('is not written again after a crash of the store, that of one that is here is', async () => {
    const id = await signIn(SID);
    await tell(SID, sha256('nobody'));
    for (const key of (await lossy.rows()).keys()) if (!key.startsWith('s:')) await lossy.evict(key);
    await lossy.reopen();
    const kinds = [...(await lossy.rows()).keys()].map((key) => key[0]).toSorted();
    // Two names of the session; the order.
    expect(kinds).toEqual(['g', 'g', 'q', 's']);
    expect(await isLive(id)).toBe(false);
  });

  test.each([
    '',
    'short',
    'x'.repeat(15),
    'x'.repeat(129),
    `${'x'.repeat(30)} `,
    `${'x'.repeat(30)}\n`,
    'é'.repeat(20),
    `${'x'.repeat(20)}/../`,
  ])('what is no `sid` does nothing: %j', async (sid) => {
    const { store: counting, state } = watched(store);
    ends = openSessionEnds(counting, { now: clock.now });
    await tell(sid);
    expect(state.calls).toEqual([]);
  });
});

test('without authentik nothing is filed under it', async () => {
  await openSessions(store, { now: clock.now }).create(makeSession(clock.now(), { sid: SID }));
  const kinds = [...(await lossy.rows()).keys()].map((key) => key[0]).toSorted();
  // As ever: the session, its tokens, the list of its user's, two generations and their order.
  expect(kinds).toEqual(['g', 'q', 's', 't', 't', 'u', 'x']);
});

test('ten thousand ends in a burst: each a few writes, whatever is in the store', async () => {
  const memory = createMemoryStore(clock.now);
  const { store: counting, state } = watched(memory);
  const over = openManaged(counting, { now: clock.now });
  ends = openSessionEnds(counting, { now: clock.now });
  const ids = await Promise.all(Array.from({ length: 100 }, (_, at) => signIn(sha256(`here ${at}`), over)));
  const stays = await signIn(SID, over);
  for (let row = 0; row < 1_000_000; row++) void memory.set(`g:${row}`, 'x', HOUR);
  state.calls.length = 0;
  for (let at = 0; at < 10_000; at++) ends.push(at % 100 === 0 ? sha256(`here ${at / 100}`) : sha256(`gone ${at}`));
  await ends.idle();
  expect(state.calls.length).toBeLessThanOrEqual(10_000 * 3 + 10);
  expect(new Set(state.calls)).toEqual(new Set(['increment', 'set', 'replace']));
  expect((await Promise.all(ids.map((id) => isLive(id, over)))).some(Boolean)).toBe(false);
  expect(await isLive(stays, over)).toBe(true);
  await memory.close();
}, 60_000);

describe('a store that is down', () => {
  test('is tried until it is back, and nothing is lost', async () => {
    const id = await signIn(SID);
    const { store: failing, state } = watched(store);
    const { events, lines } = logOf();
    ends = openSessionEnds(failing, { now: clock.now, events });
    state.isDown = true;
    ends.push(SID);
    await waitUntil(() => state.calls.length > 1);
    ends.push(OTHER);
    expect(await isLive(id)).toBe(true);
    state.isDown = false;
    await ends.idle();
    expect(await isLive(id)).toBe(false);
    expect(lines.map((line) => line.level)).toEqual(['debug']);
  });

  test('for too long keeps the newest ten thousand, says so once, and asks for the rest to be found otherwise', async () => {
    const ids = [await signIn(sha256('event 0')), await signIn(sha256('event 5')), await signIn(sha256('event 10004'))];
    const { store: failing, state } = watched(store);
    const { events, lines } = logOf();
    const onLost = vi.fn();
    ends = openSessionEnds(failing, { now: clock.now, events, onLost });
    state.isDown = true;
    for (let at = 0; at < 5000; at++) ends.push(sha256(`event ${at}`));
    await waitUntil(() => state.calls.length > 1);
    for (let at = 5000; at < 10_005; at++) ends.push(sha256(`event ${at}`));
    const failed = state.calls.length;
    await waitUntil(() => state.calls.length > failed);
    const errors = () => lines.filter((line) => line.level === 'error').map((line) => line.event);
    await waitUntil(() => errors().length > 0);
    expect(errors()).toEqual(['outpost.session_ends_lost']);
    expect(onLost).not.toHaveBeenCalled();
    state.isDown = false;
    await ends.idle();
    expect(errors()).toHaveLength(1);
    expect(onLost).toHaveBeenCalledOnce();
    expect(await Promise.all(ids.map((id) => isLive(id)))).toEqual([true, false, false]);
  });

  test('holds no process up that stops', async () => {
    const { store: failing, state } = watched(store);
    ends = openSessionEnds(failing, { now: clock.now });
    state.isDown = true;
    ends.push(SID);
    await within(10_000, ends.close());
    ends.push(OTHER);
    await ends.idle();
    const calls = state.calls.length;
    ends.push(OTHER);
    await ends.idle();
    expect(state.calls.length).toBe(calls);
  }, 20_000);
});

test('an end that fails in another way is said once, and those after it are done', async () => {
  const id = await signIn(SID);
  const { events, lines } = logOf();
  const onLost = vi.fn();
  let fails = true;
  const broken: Store = {
    ...store,
    increment: (...args) => (fails ? Promise.reject(new TypeError('a bug')) : store.increment(...args)),
  };
  ends = openSessionEnds(broken, { now: clock.now, events, onLost });
  await tell(OTHER);
  expect(lines.map((line) => [line.level, line.event])).toEqual([['error', 'outpost.session_ends_lost']]);
  expect(onLost).toHaveBeenCalledOnce();
  fails = false;
  await tell(SID);
  expect(await isLive(id)).toBe(false);
});

test('no line of the log has more of a `sid` than eight characters', async () => {
  const { events, lines } = logOf();
  ends = openSessionEnds(store, { now: clock.now, events });
  const sids = Array.from({ length: 5 }, () => randomBytes(32).toString('hex'));
  await tell(...sids);
  await tell(SID);
  const text = JSON.stringify(lines);
  for (const sid of [...sids, SID]) expect(text).not.toContain(sid.slice(0, 9));
  expect(lines.map((line) => line.message)).toEqual([
    `authentik has ended 5 sessions: ${sids
      .slice(0, 3)
      .map((sid) => sid.slice(0, 8))
      .join(', ')}, …`,
    `authentik has ended 1 session: ${SID.slice(0, 8)}`,
  ]);
});
