/** What a visitor and an operator see of sessions, and how long the store remembers it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';
import { StoreUnavailable } from '../../src/errors.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { sessionKey, shownId } from '../../src/sessions/keys.ts';
import { sealRow } from '../../src/sessions/sealed_row.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createClock, HOUR, MINUTE, makeSession, openSessions, SECRET } from './fixture.ts';

const ISSUER = 'https://auth.example.com/application/o/grafana/';
const ALICE = { issuer: ISSUER, sub: 'alice-sub' };
let clock: ReturnType<typeof createClock>;
let store: Store;
let here: Sessions;
let there: Sessions;

beforeEach(() => {
  clock = createClock();
  store = createMemoryStore(clock.now);
  here = openSessions(store, { now: clock.now });
  there = openSessions(store, { now: clock.now });
});
afterEach(() => store.close());

const make = (changes = {}) => makeSession(clock.now(), { expiresAt: clock.now() + 9 * HOUR, ...changes });
const rows = async (prefix: string) => {
  const found: string[] = [];
  for await (const keys of store.scan(prefix)) found.push(...keys);
  return found;
};
const keysOfAlice = async (sessions = here) => (await sessions.directory.ofUser(ALICE)).map(({ key }) => key);
/** Writes that nobody waits for are done. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a session is told by facts alone: no token, no cookie, and an id that opens nothing', async () => {
  const startedBy = { at: clock.at, address: '203.0.113.7', device: 'Firefox, Windows' };
  const id = await here.create(make({ startedBy, refreshToken: 'a-refresh-token' }));
  const [facts] = await there.directory.ofUser(ALICE);
  expect(facts).toMatchObject({
    id: shownId(sessionKey(id)),
    application: 'grafana',
    authMethod: 'login',
    since: clock.at,
    lastUse: clock.at,
    until: clock.at + 9 * HOUR,
    address: '203.0.113.7',
    device: 'Firefox, Windows',
  });
  expect(facts!.id).toMatch(/^[0-9a-f]{16}$/);
  const told = JSON.stringify(facts);
  for (const secret of [id, 'the.forwarded.token', 'the.id.token', 'a-refresh-token'])
    expect(told).not.toContain(secret);
  expect(await here.find(facts!.id, 'grafana')).toBeUndefined();
  expect(await here.find(facts!.key, 'grafana')).toBeUndefined();
});

test('the one that was used last comes first, and its use is written once in five minutes, behind the answer', async () => {
  const [old, young] = [await here.create(make()), await here.create(make())];
  clock.pass(5 * MINUTE - 1);
  await here.find(old, 'grafana');
  expect(await rows('v:')).toEqual([]);
  clock.pass(1);
  for (let times = 0; times < 5; times++) await here.find(old, 'grafana');
  expect(here.find(old, 'grafana')).not.toBeInstanceOf(Promise);
  await settle();
  expect(await rows('v:')).toHaveLength(1);
  const [first, second] = await there.directory.ofUser(ALICE);
  expect([first!.key, first!.lastUse]).toEqual([sessionKey(old), clock.at]);
  expect([second!.key, second!.lastUse]).toEqual([sessionKey(young), clock.at - 5 * MINUTE]);

  const { set } = store;
  let writes = 0;
  store.set = (...call) => {
    writes += 1;
    return set(...call);
  };
  clock.pass(5 * MINUTE - 1);
  await here.find(old, 'grafana');
  expect(writes).toBe(0);
  clock.pass(1);
  await here.find(old, 'grafana');
  expect(writes).toBe(1);
  await there.find(old, 'grafana');
  expect(writes).toBe(2);
});

test('a process without a cache of sessions writes the use no oftener', async () => {
  const uncached: Store = { ...store, generation: () => undefined };
  const sessions = openSessions(uncached, { now: clock.now });
  const id = await sessions.create(make());
  clock.pass(6 * MINUTE);
  const set = vi.spyOn(uncached, 'set');
  for (let times = 0; times < 20; times++) expect(await sessions.find(id, 'grafana')).toBeDefined();
  expect(set).toHaveBeenCalledTimes(1);
});

test('the note of a use brings no ended session back, and lets none live longer', async () => {
  const id = await here.create(make({ expiresAt: clock.now() + 10 * MINUTE }));
  clock.pass(6 * MINUTE);
  expect(await here.find(id, 'grafana')).toBeDefined();
  // The write is under way while the session ends.
  await there.end(id);
  await settle();
  expect(await here.find(id, 'grafana')).toBeUndefined();
  expect(await there.find(id, 'grafana')).toBeUndefined();

  const other = await here.create(make({ expiresAt: clock.now() + 10 * MINUTE }));
  clock.pass(9 * MINUTE);
  await here.find(other, 'grafana');
  await settle();
  clock.pass(MINUTE);
  expect(await there.find(other, 'grafana')).toBeUndefined();
  expect(await store.getMany(await rows('v:'))).not.toContainEqual(expect.anything());
});

test('a store that takes no note of a use is no outage', async () => {
  const id = await here.create(make());
  clock.pass(6 * MINUTE);
  store.set = () => Promise.reject(new StoreUnavailable());
  expect(await here.find(id, 'grafana')).toBeDefined();
  await settle();
});

test('the end of a session leaves nothing of it', async () => {
  const id = await here.create(make());
  const live = (await here.find(id, 'grafana'))!;
  here.noteRefusal(live, { address: 'https://grafana.example.com/', reason: 'forbidden', isVisit: true });
  clock.pass(6 * MINUTE);
  await here.find(id, 'grafana');
  await settle();
  expect(await rows('v:')).toHaveLength(1);
  await here.directory.end([live.key]);
  for (const kind of ['s:', 'x:', 'v:', 'r:']) expect(await rows(kind)).toEqual([]);
});

test('only living sessions are listed: not those that a sign-out, their time, or another client of the application ended', async () => {
  const living = await here.create(make());
  await here.create(make({ expiresAt: clock.now() + MINUTE }));
  await here.create(make({ clientId: 'an-older-client' }));
  await here.create(make({ idleMs: MINUTE }));
  clock.pass(2 * MINUTE);
  expect(await keysOfAlice()).toEqual([sessionKey(living)]);
  const walked = [];
  for await (const { sessions } of here.directory.all()) walked.push(...sessions.map(({ key }) => key));
  expect(walked).toEqual([sessionKey(living)]);
  await here.endUser(ISSUER, 'alice-sub');
  expect(await keysOfAlice()).toEqual([]);
});

test('the applications of one authentik share their users; other issuers do not', async () => {
  await here.create(make());
  const wiki = 'https://auth.example.com/application/o/wiki/';
  expect(await there.directory.ofUser({ issuer: wiki, sub: 'alice-sub' })).toHaveLength(1);
  expect(await there.directory.ofUser({ issuer: 'https://auth.example.com/', sub: 'alice-sub' })).toEqual([]);
  expect(await there.directory.ofUser({ issuer: wiki, sub: 'bob-sub' })).toEqual([]);
});

// Attack: a list of one user in the place of another's.
test('a row that was put into the place of another shows no session of a stranger', async () => {
  await here.create(make());
  const [alices] = await rows('x:');
  const bob = await here.create(make({ sub: 'bob-sub' }));
  const bobs = (await rows('x:')).find((key) => key !== alices)!;
  await store.set(bobs, (await store.get(alices!))!, HOUR);
  expect(await here.directory.ofUser({ issuer: ISSUER, sub: 'bob-sub' })).toEqual([]);
  // Even with the secret's own seal.
  const hash = (key: string) => key.slice(2);
  const listed = [[hash(sessionKey(bob)), clock.at + HOUR, true]];
  await store.set(alices!, sealRow(createSeal([SECRET], 'session'), alices!, listed), HOUR);
  expect(await keysOfAlice()).toEqual([]);
});

test('a list of a later version, or of no form at all, is an empty one and no crash', async () => {
  await here.create(make());
  const [row] = await rows('x:');
  const seal = createSeal([SECRET], 'session');
  for (const value of ['[2,[]]', '[1,{}]', '[1,[null,[1,2,3]]]', 'no JSON', '7']) {
    await store.set(row!, seal.seal(value, row!), HOUR);
    expect(await keysOfAlice()).toEqual([]);
  }
  const id = await here.create(make());
  expect(await keysOfAlice()).toEqual([sessionKey(id)]);
});

// Attack: a program with a new token for each request, whose sessions hide the one of a thief.
test('a list is bounded, and programs make way for logins', async () => {
  const logins = [await here.create(make()), await here.create(make())];
  for (let at = 0; at < 60; at++) await here.create(make({ authMethod: 'bearer' }));
  const keys = await keysOfAlice();
  expect(keys).toHaveLength(50);
  for (const id of logins) expect(keys).toContain(sessionKey(id));
  for (let at = 0; at < 60; at++) await there.create(make());
  expect(await keysOfAlice()).toHaveLength(50);
  const last = await here.create(make());
  expect(await keysOfAlice()).toContain(sessionKey(last));
  expect((await store.get((await rows('x:'))[0]!))!.length).toBeLessThan(6000);
});

test('sessions of one user that come together at one process are listed by few writes', async () => {
  const add = vi.spyOn(store, 'add');
  const replaceIf = vi.spyOn(store, 'replaceIf');
  await Promise.all(Array.from({ length: 200 }, () => here.create(make())));
  const writes = [...add.mock.calls, ...replaceIf.mock.calls].filter(([key]) => key.startsWith('x:'));
  expect(writes.length).toBeLessThan(10);
  expect(await keysOfAlice()).toHaveLength(50);
});

test('sessions that come together are all listed, and what was replaced is not', async () => {
  const sides = [here, there];
  const ids = await Promise.all(Array.from({ length: 12 }, (_, at) => sides[at % 2]!.create(make())));
  expect((await keysOfAlice()).toSorted()).toEqual(ids.map(sessionKey).toSorted());
  const next = await here.create(make(), { replaces: ids[0] });
  expect((await keysOfAlice()).toSorted()).toEqual([...ids.slice(1), next].map(sessionKey).toSorted());
});

test('a session that cannot be listed begins all the same, with a warning, and a sign-out ends it', async () => {
  const events = createEvents();
  const logged: LogEvent[] = [];
  events.on('log', (event) => logged.push(event));
  const failing: Store = {
    ...store,
    replaceIf: async () => false,
    add: async (key, ...rest) =>
      key.startsWith('x:') ? Promise.reject(new StoreUnavailable()) : store.add(key, ...rest),
  };
  const sessions = openSessions(failing, { now: clock.now, events });
  const id = await sessions.create(make());
  expect(await sessions.find(id, 'grafana')).toBeDefined();
  expect(logged).toMatchObject([{ level: 'warn', event: 'session.not_listed', user: 'alice' }]);
  await here.endUser(ISSUER, 'alice-sub');
  expect(await there.find(id, 'grafana')).toBeUndefined();
});

test('a session of a secret that has been replaced is listed beside those of the new one', async () => {
  const old = await here.create(make());
  const next = openSessions(store, { now: clock.now, secret: ['another secret, also longer than thirty-two', SECRET] });
  const id = await next.create(make());
  expect((await keysOfAlice(next)).toSorted()).toEqual([sessionKey(old), sessionKey(id)].toSorted());
  await next.end(old);
  expect(await keysOfAlice(next)).toEqual([sessionKey(id)]);
});

test('the session of a header credential began when it was first made, and is listed for as long as it is renewed', async () => {
  const began = clock.at;
  const basic = (changes = {}) =>
    make({
      authMethod: 'basic',
      expiresAt: clock.at + HOUR,
      startedBy: { at: clock.at, address: '203.0.113.7' },
      ...changes,
    });
  const id = await here.create(basic());
  for (let hours = 0; hours < 50; hours++) {
    clock.pass(50 * MINUTE);
    expect(await here.renew(id, basic({ startedBy: { at: clock.at, address: '198.51.100.1' } }))).toBe('renewed');
  }
  const [facts] = await there.directory.ofUser(ALICE);
  expect(facts).toMatchObject({ since: began, lastUse: clock.at, address: '203.0.113.7', authMethod: 'basic' });
});

test('of refusals that come together the last page that a person asked for counts', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const id = await here.create(make());
    const live = (await here.find(id, 'grafana'))!;
    const refuse = (address: string, isVisit: boolean) =>
      here.noteRefusal(live, { address, reason: 'forbidden', isVisit });
    const there2s = async () => {
      vi.advanceTimersByTime(2000);
      await settle();
      return (await there.lastRefusal(live.key))?.address;
    };
    refuse('/admin', true);
    await settle();
    expect((await there.lastRefusal(live.key))?.address).toBe('/admin');
    refuse('/logo.png', false);
    expect(await there2s()).toBe('/admin');
    const set = vi.spyOn(store, 'set');
    for (const page of ['/one', '/two', '/three']) refuse(page, true);
    refuse('/style.css', false);
    expect((await here.lastRefusal(live.key))?.address).toBe('/three');
    expect(await there2s()).toBe('/three');
    expect(set).toHaveBeenCalledTimes(2);
    refuse('/api', false);
    expect(await there2s()).toBe('/api');
    refuse(`/${'x'.repeat(1000)}`, true);
    expect((await there2s())!.length).toBe(300);
  } finally {
    vi.useRealTimers();
  }
});

test('many users are signed out together, and records that nobody can read go with the others', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, (_, at) => here.create(make({ sub: `sub-${at}` }))));
  const stranger = await openSessions(store, {
    now: clock.now,
    secret: ['some other secret, longer than thirty-two'],
  }).create(make());
  let unreadable = 0;
  for await (const step of here.directory.all()) unreadable += step.unreadable;
  expect(unreadable).toBe(1);
  await here.directory.endUsers(ids.slice(0, 20).map((_, at) => ({ issuer: ISSUER, sub: `sub-${at}` })));
  const found = await Promise.all(ids.map((id) => there.find(id, 'grafana')));
  expect(found.map((live) => live !== undefined)).toEqual(ids.map((_, at) => at >= 20));
  expect(await here.directory.deleteAll()).toBe(31);
  expect(await there.find(ids[25]!, 'grafana')).toBeUndefined();
  expect(await store.get(sessionKey(stranger))).toBeUndefined();
});
