/** A store that comes back without its last writes: what this process has ended stays ended. */
import { beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { createJournal } from '../../src/sessions/journal.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import type { Restore } from '../../src/stores/store.ts';
import {
  createClock,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  makeSession,
  openSessions,
  refreshingProvider,
} from './fixture.ts';
import { createLossyStore } from './lossy_store.ts';

const ISSUER = 'https://auth.example.com/application/o/grafana/';
let clock: ReturnType<typeof createClock>;
let lossy: ReturnType<typeof createLossyStore>;
let sessions: Sessions;

const open = () => openSessions(lossy.store, { now: clock.now });
const session = (changes = {}) => makeSession(clock.now(), changes);
/** As a replica sees it that has cached nothing. */
const isLive = async (id: string) => (await open().find(id, 'grafana')) !== undefined;
const signIn = async (changes = {}) => sessions.create(session(changes), { since: await sessions.lastSignOut() });

beforeEach(() => {
  clock = createClock();
  lossy = createLossyStore(clock.now);
  sessions = open();
});

test('sign-outs of users and of sessions at the provider, and the end of a single session, are written again', async () => {
  const [user, sid, single] = [
    await signIn(),
    await signIn({ sub: 'bob-sub', sid: 'bob-1' }),
    await signIn({ sub: 'carol-sub', sid: 'carol-1' }),
  ];
  const other = await signIn({ sub: 'bob-sub', sid: 'bob-2' });
  const before = await lossy.rows();
  await sessions.endUser(ISSUER, 'alice-sub');
  await sessions.endSid(ISSUER, 'bob-1');
  await sessions.end(single);
  await lossy.lose(before);
  for (const id of [user, sid, single]) expect(await isLive(id)).toBe(true);
  await lossy.reopen();
  for (const id of [user, sid, single]) expect(await isLive(id)).toBe(false);
  expect(await isLive(other)).toBe(true);
});

test('a login after a sign-out that was lost works at the first try', async () => {
  await signIn();
  const before = await lossy.rows();
  for (let times = 0; times < 3; times++) await sessions.endUser(ISSUER, 'alice-sub');
  await lossy.lose(before);
  await lossy.reopen();
  expect(await isLive(await signIn())).toBe(true);
  expect(await isLive(await signIn({ sub: 'bob-sub', sid: 'bob-1' }))).toBe(true);
});

test('a connection that was cut, and lost nothing, logs nobody out', async () => {
  await signIn();
  await sessions.endUser(ISSUER, 'alice-sub');
  const id = await signIn();
  const before = await lossy.rows();
  await lossy.reopen();
  expect(await lossy.rows()).toEqual(before);
  expect(await isLive(id)).toBe(true);
});

// Attack: a replica that writes its old sign-out over a newer one revives the sessions that the newer one ended.
test('a sign-out on another replica since then is newer, and stays', async () => {
  const elsewhere = open();
  await sessions.endUser(ISSUER, 'alice-sub');
  const between = await signIn();
  await elsewhere.endUser(ISSUER, 'alice-sub');
  const after = await signIn();
  await lossy.reopen();
  expect([await isLive(between), await isLive(after)]).toEqual([false, true]);
});

test('of two replicas that have lost sign-outs of one user, the later one counts, whoever comes first', async () => {
  const elsewhere = open();
  const before = await lossy.rows();
  await sessions.endUser(ISSUER, 'alice-sub');
  const between = await signIn();
  await elsewhere.endUser(ISSUER, 'alice-sub');
  const lost = await lossy.rows();
  await lossy.lose(before);
  await lossy.reopen();
  const [user] = [...(await lossy.rows()).keys()].filter((key) => key.startsWith('u:'));
  expect((await lossy.rows()).get(user!)).toBe(lost.get(user!));
  expect(await isLive(between)).toBe(false);
});

test('where the order was lost too, whoever is signed in has to log in again, and that once', async () => {
  await signIn();
  await sessions.endUser(ISSUER, 'alice-sub');
  await lossy.lose(new Map());
  // Another replica was faster, has begun another order, and opens nothing anew.
  const elsewhere = openSessions({ ...lossy.store, onReopen: () => () => undefined }, { now: clock.now });
  const early = await elsewhere.create(session(), { since: await elsewhere.lastSignOut() });
  await lossy.reopen();
  expect(await isLive(early)).toBe(false);
  const next = await signIn();
  await lossy.reopen();
  expect(await isLive(next)).toBe(true);
  await elsewhere.endUser(ISSUER, 'alice-sub');
  const [ended, last] = [next, await signIn()];
  for (let times = 0; times < 2; times++) {
    await lossy.reopen();
    expect([await isLive(ended), await isLive(last)]).toEqual([false, true]);
  }
});

test('a store that fails while it is restored stays unavailable', async () => {
  let restore: Restore = async () => undefined;
  const onReopen = (given: Restore) => {
    restore = given;
    return () => undefined;
  };
  createJournal({ ...lossy.store, onReopen }).rememberGeneration('u:one', '1.0.aaaaaaaaaaaaaaaa', 1000);
  const cut = async () => Promise.reject(new StoreUnavailable('cut'));
  await expect(restore({ ...lossy.store, getMany: cut })).rejects.toThrow(StoreUnavailable);
  await expect(restore({ ...lossy.store, add: cut })).rejects.toThrow(StoreUnavailable);
  // A record that others change all the time is not held to be written.
  await expect(restore({ ...lossy.store, add: async () => false })).rejects.toThrow(StoreUnavailable);
});

test('it forgets what was ended first, and stays within its bounds', async () => {
  const journal = createJournal(lossy.store, 10);
  for (let at = 0; at < 25; at++) {
    journal.rememberGeneration(`u:${at}`, `${at}.0.aaaaaaaaaaaaaaaa`, 60_000);
    journal.rememberDeletion(`s:${at}`);
  }
  await lossy.reopen();
  const users = [...(await lossy.rows()).keys()].filter((key) => key.startsWith('u:'));
  expect(users.toSorted()).toEqual(Array.from({ length: 10 }, (_, at) => `u:${at + 15}`).toSorted());
});

describe('refreshes that the store has lost', () => {
  let asked: string[];

  /** A replica with a provider that takes each refresh token once. */
  function openRefreshing() {
    const provider = refreshingProvider(async (token) => {
      asked.push(token);
      const identity = makeIdentity(makeRefreshable(clock.now()), clock.now(), { refreshToken: `${token}+` });
      return { kind: 'verified', identity };
    });
    return openSessions(lossy.store, { now: clock.now, provider: () => provider });
  }
  async function refresh(replica: Sessions, id: string): Promise<void> {
    clock.pass(6 * MINUTE);
    await replica.find(id, 'grafana');
    await replica.idle();
  }
  const tokenOf = async (id: string) => (await open().find(id, 'grafana'))?.session.refreshToken;
  const signInRefreshable = async () => sessions.create(makeRefreshable(clock.now()));

  beforeEach(() => {
    asked = [];
  });

  // A provider that rotates refresh tokens takes the lost one no more, nor the one before it.
  test('the last one is written again, whichever of those before it is there', async () => {
    const replica = openRefreshing();
    const id = await signInRefreshable();
    const states = [await lossy.rows()];
    for (let times = 0; times < 3; times++) {
      await refresh(replica, id);
      states.push(await lossy.rows());
    }
    expect(asked).toEqual(['refresh-1', 'refresh-1+', 'refresh-1++']);
    for (const state of states) {
      await lossy.lose(state);
      await lossy.reopen();
      expect(await tokenOf(id)).toBe('refresh-1+++');
    }
  });

  // Attack: a session that was ended meanwhile would come back with its newest tokens.
  test('a session that was signed out or ended meanwhile, on whatever replica, is not brought back', async () => {
    const [here, there] = [openRefreshing(), openRefreshing()];
    const [signedOut, ended] = [await signInRefreshable(), await signInRefreshable()];
    const before = await lossy.rows();
    for (const id of [signedOut, ended]) await refresh(here, id);
    await there.end(ended);
    await lossy.reopen();
    expect(await isLive(ended)).toBe(false);
    await there.endUser(ISSUER, 'alice-sub');
    await lossy.lose(before);
    await lossy.reopen();
    for (const id of [signedOut, ended]) expect(await isLive(id)).toBe(false);
  });

  test('what another replica has refreshed since is newer, and stays', async () => {
    const [here, there] = [openRefreshing(), openRefreshing()];
    const id = await signInRefreshable();
    await refresh(here, id);
    await refresh(there, id);
    await lossy.reopen();
    expect(await tokenOf(id)).toBe('refresh-1++');
    await refresh(here, id);
    const newest = await lossy.rows();
    await lossy.reopen();
    expect(await lossy.rows()).toEqual(newest);
  });

  test('they take a bounded part of the memory', async () => {
    let reads = 0;
    const getMany = async (keys: string[]) => {
      reads += keys.length;
      return [];
    };
    let restore: Restore = async () => undefined;
    const bounded = createJournal({
      ...lossy.store,
      onReopen(given) {
        restore = given;
        return () => undefined;
      },
    });
    const record = 'x'.repeat(4000);
    for (let at = 0; at < 10_000; at++) bounded.rememberRefresh(`s:${at}`, `before-${at}`, record, 60_000);
    await restore({ ...lossy.store, getMany });
    expect(reads).toBeGreaterThan(3000);
    expect(reads).toBeLessThan(4000);
  });
});
