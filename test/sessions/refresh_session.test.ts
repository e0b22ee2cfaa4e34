import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProviderUnavailable, StoreUnavailable } from '../../src/errors.ts';
import { rejected } from '../../src/provider/index.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import {
  createClock,
  HOUR,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  makeSession,
  openSessions,
  type Refresh,
  refreshingProvider,
} from './fixture.ts';

let clock: ReturnType<typeof createClock>;
let store: Store;
/** The refresh tokens that the provider was sent, in order. */
let asked: string[];
/** The provider's refresh; each test sets its own. */
let refresh: Refresh;
let here: Sessions;
let there: Sessions;

/** One replica of several: they share the store and the provider, nothing else. */
function openReplica(): Sessions {
  const provider = refreshingProvider((token) => {
    asked.push(token);
    return refresh(token);
  });
  return openSessions(store, { now: clock.now, provider: () => provider });
}

const answer = (changes = {}) => ({
  kind: 'verified' as const,
  identity: makeIdentity(makeSession(clock.now()), clock.now(), changes),
});

beforeEach(() => {
  clock = createClock();
  store = createMemoryStore(clock.now);
  asked = [];
  refresh = async () => answer();
  here = openReplica();
  there = openReplica();
});

afterEach(async () => {
  await here.idle();
  await there.idle();
  await store.close();
});

test('less than half of the token is left: it is refreshed, and no request waits', async () => {
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(5 * MINUTE - 1);
  here.find(id, 'grafana');
  await here.idle();
  expect(asked).toEqual([]);
  clock.pass(1);
  expect(here.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.forwarded.token' } });
  await here.idle();
  expect(asked).toEqual(['refresh-1']);
  // Claims and groups follow, on this replica and on the other one.
  for (const replica of [here, there]) {
    const { session } = (await replica.find(id, 'grafana'))!;
    expect(session).toMatchObject({
      jwt: 'the.next.token',
      idToken: 'the.next.id',
      refreshToken: 'refresh-2',
      user: { groups: ['staff'] },
    });
    expect(session.tokenIssuedAt).toBe(clock.now());
  }
});

test('a long token is refreshed five minutes before its end', async () => {
  const id = await here.create(makeRefreshable(clock.now(), { tokenExpiresAt: clock.now() + 10 * HOUR }));
  clock.pass(10 * HOUR - 5 * MINUTE - 1);
  here.find(id, 'grafana');
  await here.idle();
  expect(asked).toHaveLength(0);
  clock.pass(1);
  here.find(id, 'grafana');
  await here.idle();
  expect(asked).toHaveLength(1);
});

test('forty requests on a due session with a slow provider make one refresh, and all pass', async () => {
  refresh = async () => {
    await sleep(100);
    return answer();
  };
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  const found = await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 ? here : there).find(id, 'grafana')));
  expect(found.every((live) => live !== undefined)).toBe(true);
  await here.idle();
  await there.idle();
  for (const replica of [here, there]) expect(await replica.find(id, 'grafana')).toBeDefined();
  await here.idle();
  await there.idle();
  expect(asked).toEqual(['refresh-1']);
});

test('forty requests after the token has ended wait for one refresh over both replicas', async () => {
  refresh = async () => {
    await sleep(250);
    return answer();
  };
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(HOUR);
  const found = await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 ? here : there).find(id, 'grafana')));
  expect(found.map((live) => live?.session.jwt)).toEqual(Array(40).fill('the.next.token'));
  expect(asked).toEqual(['refresh-1']);
});

test('a session lives by refreshes until session_max_age and no longer', async () => {
  let serial = 1;
  refresh = async () => answer({ refreshToken: `refresh-${++serial}` });
  const id = await here.create(makeRefreshable(clock.now()));
  for (let minutes = 6; minutes < 24 * 60; minutes += 6) {
    clock.pass(6 * MINUTE);
    expect(await here.find(id, 'grafana')).toBeDefined();
    await here.idle();
  }
  expect(asked.slice(0, 3)).toEqual(['refresh-1', 'refresh-2', 'refresh-3']);
  clock.pass(6 * MINUTE);
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('a provider that gives no new refresh token is sent the old one again', async () => {
  refresh = async () => answer({ refreshToken: undefined, idToken: '' });
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect((await here.find(id, 'grafana'))?.session).toMatchObject({
    refreshToken: 'refresh-1',
    idToken: 'the.id.token',
  });
});

test('refused: the session ends, on every replica', async () => {
  refresh = async () => rejected('invalid_grant', 'the refresh token was revoked');
  const id = await here.create(makeRefreshable(clock.now()));
  await there.find(id, 'grafana');
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toBeUndefined();
  expect(await there.find(id, 'grafana')).toBeUndefined();
});

// Attack: a mix-up at the provider or on the way would make of one user's session another's.
test('tokens of another user change nothing: the session goes on with its own until they end', async () => {
  refresh = async () => answer({ sub: 'mallory-sub' });
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toMatchObject({ session: { sub: 'alice-sub', jwt: 'the.forwarded.token' } });
  await here.idle();
  clock.pass(4 * MINUTE);
  await expect(here.find(id, 'grafana')).rejects.toThrow(ProviderUnavailable);
});

test('the new refresh token is kept before the new tokens are verified', async () => {
  const outage = { verifyRefreshed: async () => Promise.reject(new ProviderUnavailable()) };
  const failing = { ...refreshingProvider(async () => answer()), ...outage };
  const elsewhere = openSessions(store, { now: clock.now, provider: () => failing });
  const id = await elsewhere.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  elsewhere.find(id, 'grafana');
  await elsewhere.idle();
  const { session } = (await elsewhere.find(id, 'grafana'))!;
  expect(session).toMatchObject({
    refreshToken: 'refresh-2',
    jwt: 'the.forwarded.token',
    user: { groups: ['admins', 'staff'] },
  });
  await elsewhere.idle();
  clock.pass(10_000);
  here.find(id, 'grafana');
  await here.idle();
  expect(asked).toEqual(['refresh-2']);
  expect(await here.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.next.token' } });
});

test('a sign-out while the new tokens are verified is not undone', async () => {
  const id = await here.create(makeRefreshable(clock.now()));
  const slow = refreshingProvider(async () => answer());
  const { verifyRefreshed } = slow;
  slow.verifyRefreshed = async (...call) => {
    await there.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
    return verifyRefreshed(...call);
  };
  const elsewhere = openSessions(store, { now: clock.now, provider: () => slow });
  clock.pass(6 * MINUTE);
  await elsewhere.find(id, 'grafana');
  await elsewhere.idle();
  expect(await elsewhere.find(id, 'grafana')).toBeUndefined();
});

test('a provider that says "not now" is asked again before the tokens end, however short they live', async () => {
  let isBusy = true;
  refresh = async () => {
    if (isBusy) throw new ProviderUnavailable();
    return answer();
  };
  const id = await here.create(makeRefreshable(clock.now(), { tokenExpiresAt: clock.now() + 24_000 }));
  clock.pass(12_000);
  for (let seconds = 0; seconds < 12; seconds += 1) {
    expect(await here.find(id, 'grafana')).toBeDefined();
    await here.idle();
    isBusy = seconds < 3;
    clock.pass(1000);
  }
  expect(await here.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.next.token' } });
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('a provider that responds and does not refresh: the user logs in again a minute after the tokens have ended', async () => {
  const failing = refreshingProvider(async () => answer());
  failing.refresh = async () => ({ ...rejected('error_response', 'access_denied'), kind: 'failed' });
  const elsewhere = openSessions(store, { now: clock.now, provider: () => failing });
  const id = await elsewhere.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  expect(await elsewhere.find(id, 'grafana')).toBeDefined();
  await elsewhere.idle();
  clock.pass(4 * MINUTE);
  await expect(elsewhere.find(id, 'grafana')).rejects.toThrow(ProviderUnavailable);
  clock.pass(MINUTE);
  expect(await elsewhere.find(id, 'grafana')).toBeUndefined();
  await elsewhere.idle();
  // It has not ended: the provider may come to its senses.
  clock.pass(10_000);
  expect(await here.find(id, 'grafana')).toBeDefined();
});

test('with session_lifetime a session outlives its tokens, and is refreshed when the provider is back', async () => {
  refresh = async () => {
    throw new ProviderUnavailable();
  };
  const id = await here.create(makeRefreshable(clock.now(), { outlivesTokens: true }));
  clock.pass(11 * MINUTE);
  expect(await here.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.forwarded.token' } });
  await here.idle();
  refresh = async () => answer();
  clock.pass(10_000);
  await here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.next.token' } });
});

test('provider unavailable: the session lives until its token ends, then it is unavailable, and it comes back with the provider', async () => {
  refresh = async () => {
    throw new ProviderUnavailable();
  };
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  for (let seconds = 0; seconds < 60; seconds++) {
    expect(await (seconds % 2 ? here : there).find(id, 'grafana')).toBeDefined();
    await here.idle();
    await there.idle();
    clock.pass(1000);
  }
  // One try in ten seconds, over both replicas.
  expect(asked.length).toBeGreaterThanOrEqual(5);
  expect(asked.length).toBeLessThanOrEqual(7);
  clock.pass(3 * MINUTE);
  await expect(here.find(id, 'grafana')).rejects.toThrow(ProviderUnavailable);
  await expect(there.find(id, 'grafana')).rejects.toThrow(ProviderUnavailable);
  refresh = async () => answer();
  clock.pass(10_000);
  expect(await there.find(id, 'grafana')).toMatchObject({ session: { jwt: 'the.next.token' } });
});

test('a login peeks at sessions without a refresh, and sees those that a request could still refresh', async () => {
  refresh = async () => {
    throw new ProviderUnavailable();
  };
  const login = await here.create(makeRefreshable(clock.now()));
  const tenMinutes = { refreshToken: undefined, expiresAt: clock.now() + 10 * MINUTE };
  const program = await here.create(makeRefreshable(clock.now(), tenMinutes));
  const peek = (id: string) => here.peek(id, 'grafana');
  expect(await here.peek(login, 'wiki')).toBeUndefined();
  for (const id of [login, program]) expect(await peek(id)).toMatchObject({ sub: 'alice-sub' });
  clock.pass(11 * MINUTE);
  expect(await peek(login)).toMatchObject({ sub: 'alice-sub' });
  expect(await peek(program)).toBeUndefined();
  expect(await here.owner(login, 'grafana')).toMatchObject({ sub: 'alice-sub' });
  clock.pass(24 * HOUR);
  expect(await peek(login)).toBeUndefined();
  for (const id of ['', 'short', 'A'.repeat(43)]) expect(await peek(id)).toBeUndefined();
  await here.idle();
  expect(asked).toEqual([]);
});

test('an unforeseen error is not a refusal', async () => {
  refresh = async () => {
    throw new TypeError('a bug');
  };
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toBeDefined();
});

test('a sign-out during a refresh is not undone by it', async () => {
  refresh = async () => {
    await here.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
    return answer();
  };
  const id = await here.create(makeRefreshable(clock.now()));
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('a session that was ended during a refresh is not restored by it', async () => {
  const id = await here.create(makeRefreshable(clock.now()));
  refresh = async () => {
    await there.end(id);
    return answer();
  };
  clock.pass(6 * MINUTE);
  here.find(id, 'grafana');
  await here.idle();
  expect(await here.find(id, 'grafana')).toBeUndefined();
});

test('a rotated refresh token is not lost when the store fails at the wrong moment', async () => {
  const id = await here.create(makeRefreshable(clock.now()));
  const { replace } = store;
  let failures = 0;
  store.replace = (key, value, ttl) => {
    if (++failures <= 3) throw new StoreUnavailable();
    return replace(key, value, ttl);
  };
  clock.pass(6 * MINUTE);
  expect(here.find(id, 'grafana')).toBeDefined();
  await here.idle();
  expect((await there.find(id, 'grafana'))?.session.refreshToken).toBe('refresh-2');
  expect(asked).toEqual(['refresh-1']);
}, 20_000);
