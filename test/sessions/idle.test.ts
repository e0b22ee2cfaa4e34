import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createClock, HOUR, MINUTE, makeSession, openSessions } from './fixture.ts';

const IDLE = 20 * MINUTE;
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

const make = (changes = {}) =>
  makeSession(clock.now(), { idleMs: IDLE, expiresAt: clock.now() + 9 * HOUR, ...changes });

test('a session that nobody uses ends after session_idle, on every replica', async () => {
  const id = await here.create(make());
  expect(await there.find(id, 'grafana')).toBeDefined();
  clock.pass(IDLE - 1);
  expect(await here.find(id, 'grafana')).toBeDefined();
  clock.pass(IDLE * 1.05 + 1);
  expect(await there.find(id, 'grafana')).toBeUndefined();
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('a session that was never used ends too, and a login does not find it', async () => {
  const id = await here.create(make());
  expect(await here.peek(id, 'grafana')).toBeDefined();
  clock.pass(IDLE * 1.05 + 1);
  expect(await here.peek(id, 'grafana')).toBeUndefined();
  expect(await here.owner(id, 'grafana')).toBeDefined();
  expect(await here.find(id, 'grafana')).toBeUndefined();
  expect(await here.owner(id, 'grafana')).toBeUndefined();
});

test('a login that looks for a session does not count as its use', async () => {
  const id = await here.create(make());
  clock.pass(IDLE / 2);
  await here.peek(id, 'grafana');
  clock.pass(IDLE * 0.55 + 1);
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('use on one replica keeps it for the others, to its own end', async () => {
  const id = await here.create(make({ expiresAt: clock.now() + 3 * HOUR }));
  expect(await there.find(id, 'grafana')).toBeDefined();
  for (let minutes = 0; minutes < 170; minutes += 17) {
    clock.pass(17 * MINUTE);
    expect(await here.find(id, 'grafana')).toBeDefined();
  }
  expect(await there.find(id, 'grafana')).toBeDefined();
  clock.pass(10 * MINUTE);
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('requests shortly after one another write once, and none ends the session early', async () => {
  const id = await here.create(make());
  let writes = 0;
  const { replace } = store;
  store.replace = (...call) => {
    writes += 1;
    return replace(...call);
  };
  await Promise.all(Array.from({ length: 40 }, () => here.find(id, 'grafana')));
  expect(writes).toBe(1);
  clock.pass(IDLE / 20 - 1);
  expect(await here.find(id, 'grafana')).toBeDefined();
  expect(writes).toBe(1);
  clock.pass(IDLE);
  expect(await here.find(id, 'grafana')).toBeDefined();
  expect(writes).toBe(2);
});

// Attack: an idle session that a store which forgets (eviction, a crash) would make endless.
test('a store that lost the record of the use has ended the session', async () => {
  const id = await here.create(make());
  const { key } = (await here.find(id, 'grafana'))!;
  await store.delete(key.replace(/^s:/, 'i:'));
  clock.pass(IDLE / 20);
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('a store that is down is neither use nor its absence', async () => {
  const id = await here.create(make());
  const { replace } = store;
  store.replace = () => Promise.reject(new StoreUnavailable());
  await expect(here.find(id, 'grafana')).rejects.toThrow(StoreUnavailable);
  store.replace = replace;
  expect(await here.find(id, 'grafana')).toBeDefined();
});

test('without session_idle a session needs no such record', async () => {
  const id = await here.create(make({ idleMs: undefined }));
  const { key } = (await here.find(id, 'grafana'))!;
  expect(await store.get(key.replace(/^s:/, 'i:'))).toBeUndefined();
  clock.pass(8 * HOUR);
  expect(await here.find(id, 'grafana')).toBeDefined();
});
