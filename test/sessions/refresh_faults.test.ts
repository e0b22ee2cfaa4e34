/** Refreshes whose process dies, or is cut off from the store after the provider has answered. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { rejected } from '../../src/provider/index.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createClock, MINUTE, makeIdentity, makeRefreshable, openSessions, refreshingProvider } from './fixture.ts';

let clock: ReturnType<typeof createClock>;
let shared: Store;
/** The refresh tokens that the provider was sent, in order. */
let asked: string[];
/** The refresh token that the provider takes next: it takes each once. */
let good: string;
/** Sends the responses that are held back. */
let respond: (() => void)[];
let id: string;

/** One replica; `cut` from the store it reads and writes nothing. */
function openReplica({ responds }: { responds: boolean }) {
  const state = { cut: false };
  const reach =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (state.cut) throw new StoreUnavailable('cut off');
      return call(...args);
    };
  const { get, getMany, set, add, replace, replaceIf, deleteIf, keep } = shared;
  const reached = { get, getMany, set, add, replace, replaceIf, deleteIf, keep };
  const store: Store = { ...shared, peek: undefined };
  for (const [name, call] of Object.entries(reached))
    Object.assign(store, { [name]: reach(call as () => Promise<void>) });
  const provider = refreshingProvider(async (token) => {
    asked.push(token);
    const isGood = token === good;
    if (isGood) good = `${token}+`;
    if (!responds) await new Promise<void>((resolve) => respond.push(resolve));
    if (!isGood) return rejected('invalid_grant', 'spent');
    return {
      kind: 'verified',
      identity: makeIdentity(makeRefreshable(clock.now()), clock.now(), { refreshToken: good }),
    };
  });
  const sessions = openSessions(store, { now: clock.now, provider: () => provider });
  return Object.assign(state, { sessions });
}

/** A request each second; the last result. */
async function askFor(seconds: number, sessions: Sessions) {
  let live = await sessions.find(id, 'grafana');
  for (let second = 0; second < seconds; second++) {
    clock.pass(1000);
    await vi.advanceTimersByTimeAsync(1000);
    live = await sessions.find(id, 'grafana');
  }
  return live;
}

beforeEach(async () => {
  vi.useFakeTimers();
  clock = createClock();
  shared = createMemoryStore(clock.now);
  [asked, respond, good] = [[], [], 'refresh-1'];
  id = await openSessions(shared, { now: clock.now }).create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
});
afterEach(async () => {
  await shared.close();
  vi.useRealTimers();
});

test('a process that dies in the middle of a refresh is replaced within seconds', async () => {
  const [dying, other] = [openReplica({ responds: false }), openReplica({ responds: true })];
  await dying.sessions.find(id, 'grafana');
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toEqual(['refresh-1']);
  // The provider never saw it.
  Object.assign(dying, { cut: true });
  good = 'refresh-1';
  const live = await askFor(20, other.sessions);
  expect(asked).toEqual(['refresh-1', 'refresh-1']);
  expect(live?.session.refreshToken).toBe('refresh-1+');
});

test('a process that is cut off after the answer of the provider writes it when it is back, and no user is logged out', async () => {
  const [cutOff, other] = [openReplica({ responds: false }), openReplica({ responds: true })];
  await cutOff.sessions.find(id, 'grafana');
  await vi.advanceTimersByTimeAsync(10);
  cutOff.cut = true;
  respond[0]!();
  // The other one takes over, and is refused: the token was spent. The session goes on with its old tokens.
  expect(await askFor(25, other.sessions)).toBeDefined();
  expect(asked).toEqual(['refresh-1', 'refresh-1']);
  cutOff.cut = false;
  vi.useRealTimers();
  await cutOff.sessions.idle();
  const live = await other.sessions.find(id, 'grafana');
  expect(live?.session.refreshToken).toBe('refresh-1+');
  // Nothing of it holds up the next refresh.
  clock.pass(6 * MINUTE);
  await other.sessions.find(id, 'grafana');
  await other.sessions.idle();
  expect(asked.at(-1)).toBe('refresh-1+');
});

test('where nobody comes back with what the provider has sent, the session ends', async () => {
  const [dying, other] = [openReplica({ responds: false }), openReplica({ responds: true })];
  await dying.sessions.find(id, 'grafana');
  await vi.advanceTimersByTimeAsync(10);
  dying.cut = true;
  expect(await askFor(60, other.sessions)).toBeUndefined();
  expect(asked).toEqual(['refresh-1', 'refresh-1', 'refresh-1']);
});
