/** What every store must do, whatever is behind it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { groupsOf } from '../../src/sessions/groups.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { tryLock } from '../../src/stores/lock.ts';
import type { Store } from '../../src/stores/store.ts';
import { HOUR, MINUTE, makeIdentity, makeSession, openSessions, refreshingProvider } from '../sessions/fixture.ts';
import { waitUntil } from '../support/wait.ts';

/** A place where records are. `open` gives another client of it, as another process or replica would have. */
export interface Place {
  open(): Store;
  now(): number;
  /** Lets time pass, for the store and for its users. */
  pass(ms: number): Promise<void>;
  /** All names and values that are there. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

let serial = 0;
/** A name that no other test has used. */
const fresh = (kind = 's') => `${kind}:${process.pid}-${++serial}`;

export function storeConformance(name: string, setUp: () => Promise<Place>): void {
  describe(name, () => {
    let place: Place;
    let store: Store;
    let other: Store;

    beforeAll(async () => {
      place = await setUp();
      store = place.open();
      other = place.open();
      await waitUntil(async () => (await ready(store)) && ready(other));
    });

    afterAll(async () => {
      await store.close();
      await other.close();
      await place.close();
    });

    recordCases(
      () => place,
      () => store,
      () => other,
    );
    sessionCases(
      () => place,
      () => store,
      () => other,
    );
  });
}

export const ready = (store: Store): Promise<boolean> =>
  store.ping().then(
    () => true,
    () => false,
  );

function recordCases(place: () => Place, store: () => Store, other: () => Store): void {
  test('a record is there for all processes until it is deleted', async () => {
    const key = fresh();
    expect(await store().get(key)).toBeUndefined();
    await store().set(key, 'one', HOUR);
    expect(await other().get(key)).toBe('one');
    await store().set(key, 'two', HOUR);
    expect(await other().getMany([key, fresh(), key])).toEqual(['two', undefined, 'two']);
    await other().delete(key);
    expect(await store().get(key)).toBeUndefined();
  });

  test('a record ends with its time', async () => {
    const [short, long] = [fresh(), fresh()];
    await store().set(short, 'short', 60);
    await store().set(long, 'long', HOUR);
    await place().pass(100);
    expect(await store().getMany([short, long])).toEqual([undefined, 'long']);
    expect(await store().replace(short, 'again', HOUR)).toBe(false);
    expect(await store().add(short, 'again', HOUR)).toBe(true);
  });

  test('values come back as they were, however long or strange', async () => {
    const key = fresh();
    for (const value of ['', '{"value":1}', 'Łukasz 山田 🏠', 'x'.repeat(100_000)]) {
      await store().set(key, value, HOUR);
      expect(await other().get(key)).toBe(value);
    }
  });

  test('of many adds, one succeeds', async () => {
    const key = fresh('l');
    const adds = Array.from({ length: 20 }, (_, at) => (at % 2 ? store() : other()).add(key, String(at), HOUR));
    expect((await Promise.all(adds)).filter(Boolean)).toHaveLength(1);
  });

  test('replace never restores a record that is gone', async () => {
    const key = fresh();
    expect(await store().replace(key, 'raised', HOUR)).toBe(false);
    await store().set(key, 'one', HOUR);
    expect(await other().replace(key, 'two', HOUR)).toBe(true);
    await store().delete(key);
    expect(await other().replace(key, 'three', HOUR)).toBe(false);
    expect(await store().get(key)).toBeUndefined();
  });

  test('a compare-and-delete or compare-and-set changes the expected value alone, and of many one succeeds', async () => {
    const key = fresh('l');
    expect(await store().deleteIf(key, 'one')).toBe(false);
    expect(await store().replaceIf(key, 'one', 'two', HOUR)).toBe(false);
    expect(await store().get(key)).toBeUndefined();
    await store().set(key, 'one', HOUR);
    expect(await other().deleteIf(key, 'two')).toBe(false);
    expect(await other().replaceIf(key, 'two', 'three', HOUR)).toBe(false);
    expect(await store().get(key)).toBe('one');
    const side = (at: number) => (at % 2 ? store() : other());
    const sets = Array.from({ length: 20 }, (_, at) => side(at).replaceIf(key, 'one', `new-${at}`, 80));
    const at = (await Promise.all(sets)).indexOf(true);
    expect((await Promise.all(sets)).filter(Boolean)).toHaveLength(1);
    expect(await other().get(key)).toBe(`new-${at}`);
    await place().pass(120);
    expect(await store().deleteIf(key, `new-${at}`)).toBe(false);
    await store().set(key, 'one', HOUR);
    const deletes = Array.from({ length: 20 }, (_, at) => side(at).deleteIf(key, 'one'));
    expect((await Promise.all(deletes)).filter(Boolean)).toHaveLength(1);
    expect(await store().get(key)).toBeUndefined();
  });

  test('a record that is deleted by its value is gone on both sides, and cached sessions hear of it', async () => {
    const key = fresh();
    const heard: (string | undefined)[] = [];
    store().onInvalidate((changed) => heard.push(changed));
    await store().set(key, 'one', HOUR);
    heard.length = 0;
    expect(await store().deleteIf(key, 'one')).toBe(true);
    expect(heard).toContain(key);
    expect(await other().get(key)).toBeUndefined();
  });

  test('a listener that has stopped hears of nothing, and the others go on', async () => {
    const key = fresh();
    const [stopped, going]: (string | undefined)[][] = [[], []];
    const stop = store().onInvalidate((changed) => stopped!.push(changed));
    store().onInvalidate((changed) => going!.push(changed));
    stop();
    await store().set(key, 'one', HOUR);
    expect(stopped).toEqual([]);
    expect(going).toContain(key);
  });

  test('a holder that outlives its lock does not free the lock of the next holder', async () => {
    const key = fresh('l');
    const slow = await tryLock(store(), key, { onceMs: 80 });
    expect(await tryLock(other(), key, { onceMs: 80 })).toBeUndefined();
    await place().pass(120);
    const next = await tryLock(other(), key);
    expect(next).toBeDefined();
    await slow!.release();
    await slow!.releaseTo('marker', HOUR);
    expect(await tryLock(store(), key)).toBeUndefined();
    expect(await store().get(key)).not.toBe('marker');
    await next!.release();
    const last = await tryLock(store(), key);
    expect(last).toBeDefined();
    await last!.release();
  });

  test('a holder leaves a value in the place of its lock, for a while', async () => {
    const key = fresh('l');
    const lock = await tryLock(store(), key);
    await lock!.releaseTo('unavailable', 80);
    expect(await other().get(key)).toBe('unavailable');
    expect(await tryLock(other(), key)).toBeUndefined();
    await place().pass(120);
    const last = await tryLock(other(), key);
    expect(last).toBeDefined();
    await last!.release();
  });

  const places = (key: string, member: string, limit = 1000, ttlMs = HOUR, by = store()) =>
    by.reserve(key, member, limit, ttlMs);

  test('a counter counts all processes, each member once', async () => {
    const key = fresh('c');
    const members = Array.from({ length: 20 }, (_, at) => `member-${at % 10}`);
    const taken = await Promise.all(
      members.map((member, at) => places(key, member, 10, HOUR, at % 2 ? store() : other())),
    );
    // The second call of a member comes when all places may be taken already.
    const added = taken.filter((one) => one.kind === 'reserved' && one.added);
    expect(added.map((one) => 'count' in one && one.count).toSorted((a, b) => Number(a) - Number(b))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(await places(key, 'another', 10)).toMatchObject({ kind: 'full' });
    expect(await places(key, 'member-1', 11)).toEqual({ kind: 'reserved', count: 10, added: false });
  });

  test('Attack: of guesses that come together, no more than the limit get a place', async () => {
    const key = fresh('c');
    const asked = Array.from({ length: 60 }, (_, at) => places(key, `${at}`, 10, HOUR, at % 2 ? store() : other()));
    expect((await Promise.all(asked)).filter(({ kind }) => kind === 'reserved')).toHaveLength(10);
  });

  test('a place that is given back is free for another member, and only that one', async () => {
    const key = fresh('c');
    for (const member of ['one', 'two']) await places(key, member, 2);
    await other().cancel(key, 'three');
    expect(await places(key, 'three', 2)).toMatchObject({ kind: 'full' });
    await other().cancel(key, 'one');
    expect(await places(key, 'three', 2)).toEqual({ kind: 'reserved', count: 2, added: true });
    for (const member of ['two', 'three']) await store().cancel(key, member);
    await store().cancel(key, 'two');
    expect(await places(key, 'four', 1)).toEqual({ kind: 'reserved', count: 1, added: true });
  });

  test('each place ends by itself, so that a burst at the end of a minute does not double the limit', async () => {
    const key = fresh('c');
    await places(key, 'early', 3, 1000);
    await place().pass(600);
    for (const member of ['late', 'later']) await places(key, member, 3, 1000);
    const full = await places(key, 'more', 3, 1000);
    expect(full.kind === 'full' && full.retryAfterMs > 0 && full.retryAfterMs <= 400).toBe(true);
    await place().pass(420);
    expect(await places(key, 'more', 3, 1000)).toEqual({ kind: 'reserved', count: 3, added: true });
    expect(await places(key, 'too-many', 3, 1000)).toMatchObject({ kind: 'full' });
    await place().pass(1100);
    expect(await places(key, 'again', 3, HOUR)).toEqual({ kind: 'reserved', count: 1, added: true });
  });

  test('a member that comes again keeps its place for longer', async () => {
    const key = fresh('c');
    await places(key, 'one', 2, 1000);
    await place().pass(600);
    await places(key, 'one', 2, 1000);
    await place().pass(600);
    expect(await places(key, 'two', 1, 1000)).toMatchObject({ kind: 'full' });
    // It must not end while another test looks at all records.
    await store().delete(key);
  });

  test('a counter that is none is unavailable, and not below every limit', async () => {
    for (const value of ['NaN', '', '-1', '1e3', 'ten', 'a:b c', 'one:zz two', ':zz']) {
      const key = fresh('c');
      await store().set(key, value, HOUR);
      await expect(places(key, 'one')).rejects.toThrow(StoreUnavailable);
    }
  });

  test('a record is kept for longer if it is as expected, never for less, and nobody need read it again', async () => {
    const [short, long] = [fresh('u'), fresh('u')];
    await store().set(short, 'one', 60);
    await store().set(long, 'one', HOUR);
    const heard: (string | undefined)[] = [];
    const stop = store().onInvalidate((changed) => heard.push(changed));
    expect(await other().keep(short, 'two', HOUR)).toBe(false);
    expect(await other().keep(fresh('u'), 'one', HOUR)).toBe(false);
    expect(await other().keep(short, 'one', HOUR)).toBe(true);
    expect(await store().keep(long, 'one', 60)).toBe(true);
    await place().pass(100);
    expect(await store().getMany([short, long])).toEqual(['one', 'one']);
    expect(heard.filter((key) => key === long)).toEqual([]);
    stop();
  });

  test('a number counts all processes, each step once', async () => {
    const key = fresh('q');
    const first = 2 ** 48 + 5;
    const steps = Array.from({ length: 20 }, (_, at) => (at % 2 ? store() : other()).increment(key, first, HOUR));
    const reached = (await Promise.all(steps)).toSorted((a, b) => a - b);
    expect(reached).toEqual(Array.from({ length: 20 }, (_, at) => first + at));
    expect(await other().get(key)).toBe(String(first + 19));
    // A record like any other: it ends with its time, and then another number is the first.
    await store().increment(key, 1, 60);
    await place().pass(100);
    expect(await store().increment(key, 7, HOUR)).toBe(7);
  });

  test('a number that is none is unavailable, and does not begin again', async () => {
    for (const value of ['', 'ten', '1.5', '-1', '1e3', '9007199254740991']) {
      const key = fresh('q');
      await store().set(key, value, HOUR);
      await expect(store().increment(key, 1, HOUR)).rejects.toThrow(StoreUnavailable);
      expect(await store().get(key)).toBe(value);
    }
  });

  test('a walk finds every key of a kind, over all of the store, and no other one', async () => {
    const made = Array.from({ length: 2500 }, () => fresh('z'));
    const side = (at: number) => (at % 2 ? store() : other());
    for (const group of groupsOf(made, 50)) {
      await Promise.all(group.map((key, at) => side(at).set(key, 'one', HOUR)));
    }
    await Promise.all([store().set(fresh('za'), 'one', HOUR), store().set(fresh('y'), 'one', HOUR)]);
    await other().delete(made[0]!);
    for (const side of [store(), other()]) {
      const found = new Set<string>();
      for await (const keys of side.scan('z:')) for (const key of keys) found.add(key);
      expect([...found].toSorted()).toEqual(made.slice(1).toSorted());
    }
    for await (const keys of store().scan('there-is-none:')) expect(keys).toEqual([]);
    for (const group of groupsOf(made, 50)) await Promise.all(group.map((key) => store().delete(key)));
  });

  test('ping leaves nothing behind', async () => {
    const before = await place().dump();
    for (let times = 0; times < 20; times++) await store().ping();
    expect(await place().dump()).toBe(before);
  });
}

function sessionCases(place: () => Place, store: () => Store, other: () => Store): void {
  let here: Sessions;
  let there: Sessions;

  beforeEach(() => {
    here ??= openSessions(store(), { now: place().now });
    there ??= openSessions(other(), { now: place().now });
  });

  const make = (changes = {}) => makeSession(place().now(), { sub: fresh(), sid: fresh(), ...changes });

  /** A session that both sides have cached: found there without any wait. */
  async function createWarm(changes = {}): Promise<string> {
    const id = await here.create(make(changes));
    await waitUntil(async () => {
      await there.find(id, 'grafana');
      const found = there.find(id, 'grafana');
      return found !== undefined && !(found instanceof Promise);
    });
    return id;
  }

  /** The other side must miss it within a second, without being told by a test. */
  async function goneThere(id: string): Promise<boolean> {
    await waitUntil(async () => (await there.find(id, 'grafana')) === undefined, 1000);
    return true;
  }

  test('what was made on one side is found on the other', async () => {
    const session = make();
    const id = await here.create(session);
    expect((await there.find(id, 'grafana'))?.session).toEqual(session);
    expect(await there.find(id, 'another-application')).toBeUndefined();
    expect(await there.find('A'.repeat(43), 'grafana')).toBeUndefined();
  });

  test('finds of a cached session give the same object, so that what a caller keeps for it in a WeakMap is kept', async () => {
    const id = await createWarm();
    const found = await there.find(id, 'grafana');
    expect(found).toBeDefined();
    expect(await there.find(id, 'grafana')).toBe(found);
  });

  test('the end of one session is seen on the other side within a second', async () => {
    const id = await createWarm();
    await here.end(id);
    expect(await here.find(id, 'grafana')).toBeUndefined();
    expect(await goneThere(id)).toBe(true);
  });

  test('a sign-out ends all sessions of the user, and a new login works at once', async () => {
    const sub = fresh();
    const ids = [await createWarm({ sub }), await createWarm({ sub, application: 'grafana' })];
    const stranger = await createWarm();
    // authentik's issuers differ by application; the user is one.
    await here.endUser('https://auth.example.com/application/o/wiki/', sub);
    for (const id of ids) expect(await here.find(id, 'grafana')).toBeUndefined();
    for (const id of ids) expect(await goneThere(id)).toBe(true);
    expect(await there.find(stranger, 'grafana')).toBeDefined();
    const again = await there.create(make({ sub }));
    expect(await here.find(again, 'grafana')).toBeDefined();
    expect(await there.find(again, 'grafana')).toBeDefined();
  });

  test('a logout at the provider ends the sessions of that login only', async () => {
    const sub = fresh();
    const [phone, laptop] = [fresh(), fresh()];
    const onPhone = await createWarm({ sub, sid: phone });
    const onLaptop = await createWarm({ sub, sid: laptop });
    await here.endSid('https://auth.example.com/application/o/grafana/', phone);
    expect(await goneThere(onPhone)).toBe(true);
    expect(await there.find(onLaptop, 'grafana')).toBeDefined();
  });

  test('a login that replaces a session ends it', async () => {
    const old = await createWarm();
    const id = await here.create(make(), { replaces: old });
    expect(id).not.toBe(old);
    expect(await goneThere(old)).toBe(true);
  });

  test('the session of a credential goes on with new tokens under its id, and not once it has ended', async () => {
    const sub = fresh();
    const id = await createWarm({ sub, authMethod: 'basic' });
    expect(await here.renew(id, make({ sub, authMethod: 'basic', jwt: 'the.newer.token' }))).toBe('renewed');
    const jwtThere = async () => (await there.find(id, 'grafana'))?.session.jwt;
    await vi.waitFor(async () => expect(await jwtThere()).toBe('the.newer.token'));
    await there.endUser('https://auth.example.com/application/o/grafana/', sub);
    expect(await here.renew(id, make({ sub, authMethod: 'basic' }))).toBe('signed_out');
    await there.end(id);
    expect(await here.renew(id, make({ sub, authMethod: 'basic' }))).toBe('gone');
    expect(await goneThere(id)).toBe(true);
  });

  test('a user sees the own sessions on both sides, and one that is ended there is gone here', async () => {
    const sub = fresh();
    const ids = await Promise.all([0, 1, 2, 3].map((at) => (at % 2 ? here : there).create(make({ sub }))));
    await here.create(make());
    const issuer = 'https://auth.example.com/application/o/wiki/';
    const alice = { issuer, sub, user: { username: 'alice' } };
    const listed = await there.directory.ofUser(alice);
    expect(listed).toHaveLength(4);
    expect(await here.directory.ofUser(alice)).toEqual(listed);
    const { key } = (await here.find(ids[1]!, 'grafana'))!;
    await there.directory.end([key]);
    expect(await here.find(ids[1]!, 'grafana')).toBeUndefined();
    expect((await here.directory.ofUser(alice)).map((one) => one.key)).not.toContain(key);
    await here.endUser(issuer, sub);
    expect(await there.directory.ofUser(alice)).toEqual([]);
  });

  test('a walk names the living sessions of all users, and none that has ended', async () => {
    const living = await createWarm();
    const [signedOut, ended] = [fresh(), await createWarm()];
    await here.create(make({ sub: signedOut }));
    await here.endUser('https://auth.example.com/application/o/grafana/', signedOut);
    const { key } = (await there.find(living, 'grafana'))!;
    const { key: goneKey } = (await here.find(ended, 'grafana'))!;
    await here.end(ended);
    const found = [];
    for await (const { sessions } of there.directory.all()) found.push(...sessions);
    expect(found.filter((one) => one.key === key)).toHaveLength(1);
    expect(found.filter((one) => one.key === goneKey || one.sub === signedOut)).toEqual([]);
  });

  test('what was refused last is there for both sides', async () => {
    const id = await createWarm();
    const live = (await here.find(id, 'grafana'))!;
    here.noteRefusal(live, { address: 'https://app.example.com/admin', reason: 'forbidden', isVisit: true });
    await vi.waitFor(async () =>
      expect(await there.lastRefusal(live.key)).toMatchObject({ address: 'https://app.example.com/admin' }),
    );
  });

  test('a token identifier is used once, on whichever side', async () => {
    const name = fresh();
    const uses = Array.from({ length: 10 }, (_, at) => (at % 2 ? here : there).consumeOnce(name, HOUR));
    expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
  });

  test('forty requests on both sides for a session whose token is running out make one refresh', async () => {
    let refreshes = 0;
    const sub = fresh();
    const provider = refreshingProvider(async () => {
      refreshes++;
      await sleep(150);
      return { kind: 'verified', identity: makeIdentity(make({ sub }), place().now()) };
    });
    const options = { now: place().now, provider: () => provider };
    const sides = [openSessions(store(), options), openSessions(other(), options)];
    const now = place().now();
    const due = {
      sub,
      refreshToken: 'refresh-1',
      tokenIssuedAt: now - 9 * MINUTE,
      tokenExpiresAt: now + MINUTE,
      expiresAt: now + HOUR,
    };
    const id = await sides[0]!.create(make(due));
    const found = await Promise.all(Array.from({ length: 40 }, async (_, at) => sides[at % 2]!.find(id, 'grafana')));
    expect(found).not.toContain(undefined);
    for (const side of sides) await side.idle();
    for (const side of sides) {
      await waitUntil(async () => (await side.find(id, 'grafana'))?.session.refreshToken === 'refresh-2', 1000);
      await side.idle();
    }
    expect(refreshes).toBe(1);
  });

  test('nothing that is stored can be read or used', async () => {
    const id = await here.create(make({ refreshToken: 'a-refresh-token' }));
    await here.endUser('https://auth.example.com/', 'alice-sub');
    await here.consumeOnce('a-jti', HOUR);
    const live = (await here.find(id, 'grafana'))!;
    here.noteRefusal(live, { address: 'https://a-site.example.com/', reason: 'forbidden', isVisit: true });
    await vi.waitFor(async () => expect(await there.lastRefusal(live.key)).toBeDefined());
    const dump = await place().dump();
    for (const kind of ['s:', 'x:', 'r:']) expect(dump).toContain(kind);
    for (const word of [
      id,
      'alice',
      'example.com',
      'the.forwarded.token',
      'the.id.token',
      'a-refresh-token',
      'admins',
      'a-jti',
    ]) {
      expect(dump).not.toContain(word);
      expect(dump).not.toContain(Buffer.from(word).toString('base64url').slice(0, -2));
    }
  });
}
