/** The time of day is set while sessions are in use: what is only a pause or a lifetime goes by the other clock. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { SessionsOptions } from '../../src/sessions/interface.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import {
  HOUR,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  makeSession,
  openSessions,
  type Refresh,
  refreshingProvider,
} from './fixture.ts';

/** The time of day, and what has passed by a clock that nobody can set. */
let wall = 0;
let passed = 0;
let store: Store;
const now = () => wall;
const elapsed = () => passed;
const pass = (ms: number) => {
  wall += ms;
  passed += ms;
};
const open = (changes: Partial<SessionsOptions> = {}) => openSessions(store, { now, elapsed, ...changes });

beforeEach(() => {
  [wall, passed] = [1_800_000_000_000, 5000];
  store = createMemoryStore(elapsed);
});
afterEach(() => store.close());

test.each([
  -HOUR,
  -100 * 24 * HOUR,
])('put back by %i ms: a session with session_idle that is used goes on, one that is not ends', async (jump) => {
  const sessions = open();
  const make = (sub: string) => makeSession(wall, { sub, idleMs: 20 * MINUTE, expiresAt: wall + 9 * HOUR });
  const [used, idle] = [await sessions.create(make('alice')), await sessions.create(make('bob'))];
  for (const id of [used, idle]) expect(await sessions.find(id, 'grafana')).toBeDefined();
  wall += jump;
  for (let minutes = 0; minutes < 90; minutes += 5) {
    pass(5 * MINUTE);
    expect(await sessions.find(used, 'grafana')).toBeDefined();
  }
  expect(await sessions.find(idle, 'grafana')).toBeUndefined();
});

test('put back while the provider is down: the next refresh waits for its pause, and not for the jump', async () => {
  const asked: string[] = [];
  let refresh: Refresh = async () => {
    throw new ProviderUnavailable();
  };
  const provider = refreshingProvider((token) => {
    asked.push(token);
    return refresh(token);
  });
  const sessions = open({ provider: () => provider });
  const id = await sessions.create(makeRefreshable(wall));
  pass(6 * MINUTE);
  await sessions.find(id, 'grafana');
  await sessions.idle();
  expect(asked).toHaveLength(1);
  // It is still due.
  wall -= 50_000;
  refresh = async () => ({ kind: 'verified', identity: makeIdentity(makeSession(wall), wall) });
  pass(10_001);
  await sessions.find(id, 'grafana');
  await sessions.idle();
  expect(asked).toHaveLength(2);
});

test('put forward and right again: who was signed in is so still', async () => {
  const sessions = open();
  const id = await sessions.create(makeSession(wall));
  wall += 100 * 24 * HOUR;
  expect(await sessions.find(id, 'grafana')).toBeUndefined();
  wall -= 100 * 24 * HOUR;
  pass(MINUTE);
  expect(await sessions.find(id, 'grafana')).toBeDefined();
});
