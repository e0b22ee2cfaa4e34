/** Sign-outs that the store forgets, and those that come while a login is in progress: by no clock. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import type { Store } from '../../src/stores/store.ts';
import { createClock, HOUR, makeSession, openSessions, SECRET } from './fixture.ts';
import { createLossyStore } from './lossy_store.ts';

const ISSUER = 'https://auth.example.com/application/o/grafana/';
let clock: ReturnType<typeof createClock>;
let lossy: ReturnType<typeof createLossyStore>;
let sessions: Sessions;

const open = (changes: { now?: () => number; store?: Store; secret?: string[] } = {}) =>
  openSessions(changes.store ?? lossy.store, { now: changes.now ?? clock.now, secret: changes.secret ?? [SECRET] });
const session = (changes = {}) => makeSession(clock.now(), changes);
const isLive = async (id: string, over = open()) => (await over.find(id, 'grafana')) !== undefined;
const signOut = (over = sessions) => over.endUser(ISSUER, 'alice-sub');
const evictAll = async (kinds: RegExp) => {
  for (const key of (await lossy.rows()).keys()) if (kinds.test(key)) await lossy.evict(key);
};

beforeEach(() => {
  clock = createClock();
  lossy = createLossyStore(clock.now);
  sessions = open();
});

// Attack: a Redis that evicts forgets the sign-out first, and a stolen session opens the site again.
describe('what is missing signs nobody in', () => {
  test.each([
    /^u:/,
    /^g:/,
    /^[ug]:/,
    /^[ugq]:/,
  ])('rows %s of a sign-out that are evicted revive no session', async (kinds) => {
    const ids = [await sessions.create(session()), await sessions.create(session({ sid: 'another' }))];
    for (const id of ids) expect(await isLive(id)).toBe(true);
    await signOut();
    await evictAll(kinds);
    for (const id of ids) expect(await isLive(id)).toBe(false);
    // A new login is no worse off.
    expect(await isLive(await sessions.create(session(), { since: await sessions.lastSignOut() }))).toBe(true);
    for (const id of ids) expect(await isLive(id)).toBe(false);
  });

  test('a session whose generation was evicted without a sign-out has to log in again', async () => {
    const id = await sessions.create(session());
    await evictAll(/^u:/);
    expect(await isLive(id)).toBe(false);
  });

  test('a session outlives none of its generations, and a shorter one does not shorten them', async () => {
    const long = await sessions.create(session({ expiresAt: clock.now() + 20 * HOUR }));
    const short = await sessions.create(session({ expiresAt: clock.now() + HOUR }));
    clock.pass(HOUR - 1);
    expect([await isLive(long), await isLive(short)]).toEqual([true, true]);
    clock.pass(18 * HOUR);
    expect(await isLive(long)).toBe(true);
  });

  test('a session of a header credential that is renewed keeps its generations', async () => {
    const id = await sessions.create(session({ authMethod: 'basic', sid: undefined }));
    for (let hours = 0; hours < 5; hours++) {
      clock.pass(HOUR - 1000);
      const renewed = session({ authMethod: 'basic', sid: undefined });
      expect(await sessions.renew(id, renewed)).toBe('renewed');
    }
    expect(await isLive(id)).toBe(true);
    await signOut();
    expect(await sessions.renew(id, session({ authMethod: 'basic', sid: undefined }))).toBe('signed_out');
  });

  test.each([100, -100])('a sign-out stays when the clock jumps by %i days and back', async (days) => {
    const id = await sessions.create(session({ expiresAt: clock.now() + 29 * 24 * HOUR }));
    clock.pass(days * 24 * HOUR);
    await signOut();
    expect(await isLive(id)).toBe(false);
    clock.pass(-days * 24 * HOUR);
    expect(await isLive(id)).toBe(false);
  });
});

describe('a sign-out and a login in progress', () => {
  // Attack: whoever holds a stolen login always has one in progress, on the replica with the most suitable clock.
  test.each([
    0,
    -20_000,
    20_000,
    -HOUR,
    HOUR,
  ])('the sign-out wins on a replica whose clock differs by %i ms', async (skew) => {
    const elsewhere = open({ now: () => clock.now() + skew });
    const since = await sessions.lastSignOut();
    clock.pass(500);
    await signOut(elsewhere);
    clock.pass(500);
    expect(await isLive(await sessions.create(session(), { since }))).toBe(false);
    const next = await sessions.lastSignOut();
    expect(await isLive(await sessions.create(session(), { since: next }))).toBe(true);
  });

  test('that of another user, or of another session at the provider, is none of its business', async () => {
    const since = await sessions.lastSignOut();
    await sessions.endUser(ISSUER, 'bob-sub');
    await sessions.endSid(ISSUER, 'another');
    expect(await isLive(await sessions.create(session(), { since }))).toBe(true);
    await sessions.endSid(ISSUER, 'provider-session-1');
    expect(await isLive(await sessions.create(session(), { since }))).toBe(false);
  });

  test('a store that has lost the order meanwhile may have lost the sign-out too: another login is needed', async () => {
    const since = await sessions.lastSignOut();
    await signOut();
    await evictAll(/./);
    expect(await isLive(await sessions.create(session(), { since }))).toBe(false);
    const next = await sessions.lastSignOut();
    expect(await isLive(await sessions.create(session(), { since: next }))).toBe(true);
  });

  test('a sign-out between the reading of the generation and the writing of the session wins', async () => {
    const held = { ...lossy.store };
    const slow = open({ store: held });
    held.keep = async (...args) => {
      await signOut();
      held.keep = lossy.store.keep;
      return lossy.store.keep(...args);
    };
    await sessions.create(session());
    const since = await slow.lastSignOut();
    expect(await isLive(await slow.create(session(), { since }))).toBe(false);
  });

  test('a flood of sign-outs of one user makes the store unavailable for their login, and does not hang it', async () => {
    await sessions.create(session());
    const flooded = open({ store: { ...lossy.store, keep: async () => false } });
    await expect(flooded.create(session())).rejects.toThrow(StoreUnavailable);
  });
});

test('a sign-out is answered when no other replica can still believe what it read before', async () => {
  vi.useFakeTimers();
  try {
    const slow = open({ store: { ...lossy.store, settleMs: 700 } });
    const id = await slow.create(session());
    let answered = false;
    const signingOut = signOut(slow).then(() => {
      answered = true;
    });
    await vi.advanceTimersByTimeAsync(690);
    expect(answered).toBe(false);
    // It is written from the beginning.
    expect(await isLive(id)).toBe(false);
    await vi.advanceTimersByTimeAsync(20);
    await signingOut;
  } finally {
    vi.useRealTimers();
  }
});

// Attack: with a clock that is behind, the tokens of the session would be newer than its sign-out.
test('the tokens of a session are dead after a sign-out by a clock that is behind', async () => {
  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const iat = Math.floor(clock.now() / 1000);
  const claims = { sub: 'alice-sub', sid: 'provider-session-1', iat, exp: iat + 3600 };
  const token = `${part({ alg: 'RS256' })}.${part(claims)}.x`;
  const issuedAt = clock.now();
  const { idToken: _, expiresAt, ...rest } = session();
  const identity = { ...rest, idToken: token, expiresAt, issuedAt };
  expect(await sessions.tokenMarks(token, identity)).toEqual([]);
  clock.pass(-24 * HOUR);
  await sessions.endUser(ISSUER, 'alice-sub', issuedAt);
  clock.pass(24 * HOUR);
  expect(await sessions.tokenMarks(token, identity)).toBeUndefined();
});
