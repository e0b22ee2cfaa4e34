import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { admissionOf, type Session, type SessionApplication } from '../../src/sessions/session.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { applicationOf, createClock, HOUR, MINUTE, makeSession, openSessions, SECRET } from './fixture.ts';

const DAY = 24 * HOUR;
let clock: ReturnType<typeof createClock>;
let store: Store;
let sessions: Sessions;

const open = (secret: string[], over: Store = store) => openSessions(over, { secret, now: clock.now });

beforeEach(() => {
  clock = createClock();
  store = createMemoryStore(clock.now);
  sessions = open([SECRET]);
});

afterEach(() => store.close());

test('a cached session is found without a promise, and without a read of the store', async () => {
  const id = await sessions.create(makeSession(clock.now()));
  await sessions.find(id, 'grafana');
  const { peek } = store;
  let reads = 0;
  store.peek = (keys) => {
    reads++;
    return peek!(keys);
  };
  const found = sessions.find(id, 'grafana');
  expect(found).not.toBeInstanceOf(Promise);
  expect(found).toMatchObject({ session: { sub: 'alice-sub' } });
  expect(reads).toBe(0);
});

test('sessions that are closed hear of no change, so each request reads the store', async () => {
  const other = open([SECRET]);
  const id = await sessions.create(makeSession(clock.now()));
  await sessions.find(id, 'grafana');
  await other.find(id, 'grafana');
  sessions.close();
  const { peek } = store;
  let reads = 0;
  store.peek = (keys) => {
    reads++;
    return peek!(keys);
  };
  for (const count of [1, 2]) {
    expect(await sessions.find(id, 'grafana')).toMatchObject({ session: { sub: 'alice-sub' } });
    // The record, and the records that may revoke it.
    expect(reads).toBe(2 * count);
  }
  await other.end(id);
  expect(await sessions.find(id, 'grafana')).toBeUndefined();
});

test('ids are new every time, long, and not what the store knows', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, () => sessions.create(makeSession(clock.now()))));
  expect(new Set(ids).size).toBe(50);
  for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
  expect((await sessions.find(ids[0]!, 'grafana'))!.key).not.toContain(ids[0]);
});

test('a session without a refresh token ends at its end, whenever its token does', async () => {
  const id = await sessions.create(
    makeSession(clock.now(), { tokenExpiresAt: clock.now() + MINUTE, expiresAt: clock.now() + HOUR }),
  );
  clock.pass(HOUR - 1);
  expect(sessions.find(id, 'grafana')).toBeDefined();
  clock.pass(1);
  expect(sessions.find(id, 'grafana')).toBeUndefined();
});

test('no session lives longer than a sign-out is remembered', async () => {
  const forever = clock.now() + 1000 * DAY;
  const id = await sessions.create(makeSession(clock.now(), { tokenExpiresAt: forever, expiresAt: forever }));
  clock.pass(30 * DAY - MINUTE);
  expect(sessions.find(id, 'grafana')).toBeDefined();
  clock.pass(MINUTE);
  expect(sessions.find(id, 'grafana')).toBeUndefined();
});

test('a sign-out holds to the end of the longest session', async () => {
  const late = clock.now() + 30 * DAY;
  const id = await sessions.create(makeSession(clock.now(), { tokenExpiresAt: late, expiresAt: late }));
  clock.pass(1);
  await sessions.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
  for (let day = 0; day < 31; day++) {
    expect(sessions.find(id, 'grafana')).toBeUndefined();
    clock.pass(DAY);
  }
});

test('a sign-out while a session is being made ends it too', async () => {
  const { set } = store;
  store.set = async (key, value, ttl) => {
    if (key.startsWith('s:')) {
      store.set = set;
      await sessions.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
    }
    return set(key, value, ttl);
  };
  const id = await sessions.create(makeSession(clock.now()));
  expect(sessions.find(id, 'grafana')).toBeUndefined();
});

const named = (name: string | undefined) => ({ name, same_site: 'lax', partitioned: false }) as const;

describe('a session is good only for the application, issuer and client that made it', () => {
  const made = applicationOf('grafana');
  const openAs = (application: (slug: string) => SessionApplication | undefined) =>
    openSessions(store, {
      now: clock.now,
      application,
      // Attack: the refresh token of one provider must not be sent to another.
      provider: () => {
        throw new Error('asked');
      },
    });

  test.each<[string, SessionApplication | undefined]>([
    ['another provider', { ...made, issuer: 'https://other.example.com/' }],
    ['another client', { ...made, client_id: 'grafana-2' }],
    ['no such application any more', undefined],
  ])('%s', async (_, application) => {
    const id = await sessions.create(
      makeSession(clock.now(), { refreshToken: 'refresh-1', expiresAt: clock.now() + DAY }),
    );
    const changed = openAs(() => application);
    clock.pass(2 * HOUR);
    expect(await changed.find(id, 'grafana')).toBeUndefined();
    expect(await changed.peek(id, 'grafana')).toBeUndefined();
    expect(await changed.owner(id, 'grafana')).toBeUndefined();
    await changed.idle();
    // And it is not lost for who is still configured so.
    expect(await openAs(applicationOf).owner(id, 'grafana')).toBeDefined();
  });

  // Attack: what was accepted once would open until its end, whatever the operator has taken away since.
  test.each<[string, Session['authMethod'], Partial<SessionApplication>, Partial<SessionApplication>]>([
    ['an audience that was taken away', 'bearer', { bearer_audiences: ['api', 'cli'] }, { bearer_audiences: ['cli'] }],
    ['machines that were taken away', 'bearer', { bearer_machines: true }, { bearer_machines: false }],
    ['tokens that are to be introspected', 'bearer', { bearer: 'jwt' }, { bearer: 'introspect' }],
    ['passwords that were taken away', 'basic', { basic: 'app_password' }, { basic: 'off' }],
    ['a cookie of another name', 'login', { cookie: named('one') }, { cookie: named('two') }],
    ['a cookie of no name of its own any more', 'login', { cookie: named('one') }, { cookie: named(undefined) }],
  ])('%s', async (_, authMethod, before, after) => {
    const session = makeSession(clock.now(), { authMethod, admission: admissionOf(before, authMethod) });
    const id = await sessions.create(session);
    expect(await openAs(() => ({ ...made, ...before })).find(id, 'grafana')).toBeDefined();
    expect(await openAs(() => ({ ...made, ...after })).find(id, 'grafana')).toBeUndefined();
  });

  test.each<[string, Session['authMethod'], Partial<SessionApplication>, Partial<SessionApplication>]>([
    [
      'the keys of header credentials end no login',
      'login',
      { basic: 'app_password' },
      { basic: 'off', bearer: 'jwt' },
    ],
    [
      'the order of audiences ends nothing',
      'bearer',
      { bearer_audiences: ['a', 'b'] },
      { bearer_audiences: ['b', 'a'] },
    ],
    ['SameSite ends nothing', 'login', { cookie: named('one') }, { cookie: { ...named('one'), same_site: 'strict' } }],
  ])('%s', async (_, authMethod, before, after) => {
    const session = makeSession(clock.now(), { authMethod, admission: admissionOf(before, authMethod) });
    const id = await sessions.create(session);
    expect(await openAs(() => ({ ...made, ...after })).find(id, 'grafana')).toBeDefined();
  });

  test('and no other slug, even of the same client', async () => {
    const id = await sessions.create(makeSession(clock.now()));
    expect(sessions.find(id, 'wiki')).toBeUndefined();
    expect(sessions.find(id, 'grafana')).toBeDefined();
  });
});

test('a sign-out writes as much with a thousand sessions as with one', async () => {
  async function countWrites(): Promise<number> {
    let writes = 0;
    const { set } = store;
    store.set = (...row) => {
      writes++;
      return set(...row);
    };
    await sessions.endUser('https://auth.example.com/', 'alice-sub');
    store.set = set;
    return writes;
  }
  await sessions.create(makeSession(clock.now()));
  expect(await countWrites()).toBe(1);
  for (let at = 0; at < 1000; at++) await sessions.create(makeSession(clock.now()));
  expect(await countWrites()).toBe(1);
});

test('an issuer is a tenant of its own, except for the applications of one authentik', async () => {
  const make = (issuer: string) => sessions.create(makeSession(clock.now(), { issuer }));
  const grafana = await make('https://id.example.com/application/o/grafana/');
  const wiki = await make('https://id.example.com/application/o/wiki/');
  const elsewhere = await make('https://id.example.org/application/o/grafana/');
  const keycloak = await make('https://id.example.com/realms/main');
  await sessions.endUser('https://id.example.com/application/o/grafana/', 'alice-sub');
  expect([grafana, wiki].map((id) => sessions.find(id, 'grafana'))).toEqual([undefined, undefined]);
  for (const id of [elsewhere, keycloak]) expect(sessions.find(id, 'grafana')).toBeDefined();
});

test('replicas with different secrets are reported, once: their users would be redirected without end', async () => {
  const events = createEvents();
  const logged: LogEvent[] = [];
  events.on('log', (event) => logged.push(event));
  const shared = { events, now: clock.now };
  const id = await openSessions(store, { ...shared, secret: [SECRET] }).create(makeSession(clock.now()));
  const other = openSessions(store, { ...shared, secret: [`${SECRET}, but another one`] });
  for (const one of [id, id, 'x'.repeat(43)]) expect(await other.find(one, 'grafana')).toBeUndefined();
  expect(logged).toMatchObject([{ level: 'warn', event: 'session.unreadable' }]);
});

test('secrets rotate without logging users out, and sign-outs reach the sessions of the old one', async () => {
  const [OLD, NEW] = [SECRET, 'the next secret, longer than thirty-two characters'];
  const before = await sessions.create(makeSession(clock.now(), { sub: 'bob' }));
  const other = await sessions.create(makeSession(clock.now(), { sub: 'carol' }));
  const rotated = open([NEW, OLD]);
  expect(rotated.find(before, 'grafana')).toBeDefined();
  const after = await rotated.create(makeSession(clock.now(), { sub: 'bob' }));
  await rotated.endUser('https://auth.example.com/application/o/x/', 'bob');
  expect(rotated.find(before, 'grafana')).toBeUndefined();
  expect(rotated.find(after, 'grafana')).toBeUndefined();
  expect(rotated.find(other, 'grafana')).toBeDefined();
  const done = open([NEW]);
  expect(done.find(other, 'grafana')).toBeUndefined();
});

test('a token that was used before the secret was rotated stays used', async () => {
  const NEW = 'the next secret, longer than thirty-two characters';
  expect(await sessions.consumeOnce('issuer jti', HOUR)).toBe(true);
  expect(await open([NEW, SECRET]).consumeOnce('issuer jti', HOUR)).toBe(false);
  clock.pass(HOUR);
  expect(await sessions.consumeOnce('issuer jti', HOUR)).toBe(true);
});

test.each([
  true,
  false,
])('a second use waits for the first one, and counts only where that fails (%s)', async (fails) => {
  let go: () => void = () => undefined;
  const first = sessions.consumeOnce('issuer jti', HOUR, async () => {
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    if (fails) throw new Error('no');
  });
  const second = open([SECRET]).consumeOnce('issuer jti', HOUR);
  await new Promise((resolve) => setTimeout(resolve, 120));
  go();
  if (fails) await expect(first).rejects.toThrow('no');
  else expect(await first).toBe(true);
  expect(await second).toBe(fails);
  expect(await sessions.consumeOnce('issuer jti', HOUR)).toBe(false);
});

// Providers do not send a logout token again that was answered 400.
test('while nobody knows whether a use will be done, the store is unavailable for another one', async () => {
  const never = sessions.consumeOnce('issuer jti', HOUR, () => new Promise(() => undefined));
  await expect(open([SECRET]).consumeOnce('issuer jti', HOUR)).rejects.toThrow(StoreUnavailable);
  expect(never).toBeInstanceOf(Promise);
});

test('a use that fails in the store does not count', async () => {
  const { set } = store;
  store.set = async (...record) => {
    await set(...record);
    throw new StoreUnavailable();
  };
  await expect(sessions.consumeOnce('issuer jti', HOUR)).rejects.toThrow(StoreUnavailable);
  store.set = set;
  expect(await sessions.consumeOnce('issuer jti', HOUR)).toBe(true);
  expect(await sessions.consumeOnce('issuer jti', HOUR)).toBe(false);
});

test('while a secret is rotated, one of two replicas uses a token', async () => {
  const NEW = 'the next secret, longer than thirty-two characters';
  const replicas = [open([NEW, SECRET]), open([SECRET, NEW])];
  const uses = await Promise.all(replicas.map((replica) => replica.consumeOnce('issuer jti', HOUR)));
  expect(uses.filter(Boolean)).toHaveLength(1);
});

test('a record that is copied over another one opens nothing', async () => {
  const mine = await sessions.create(makeSession(clock.now(), { sub: 'mallory' }));
  const yours = await sessions.create(makeSession(clock.now(), { sub: 'alice' }));
  const [from, to] = [(await sessions.find(yours, 'grafana'))!.key, (await sessions.find(mine, 'grafana'))!.key];
  await store.set(to, (await store.get(from))!, HOUR);
  expect(sessions.find(mine, 'grafana')).toBeUndefined();
});

test('a store that fails is not a session that is not there', async () => {
  const id = await sessions.create(makeSession(clock.now()));
  store.peek = () => {
    throw new StoreUnavailable();
  };
  store.generation = () => undefined;
  expect(() => sessions.find(id, 'grafana')).toThrow(StoreUnavailable);
});

test('nothing is read for what cannot be an id, and nothing is kept of what is none', async () => {
  const { peek } = store;
  const asked: string[] = [];
  store.peek = (keys) => {
    asked.push(...keys);
    return peek!(keys);
  };
  for (const id of ['', 'short', 'x'.repeat(5000)]) expect(sessions.find(id, 'grafana')).toBeUndefined();
  expect(asked).toEqual([]);
  for (let at = 0; at < 1000; at++) expect(sessions.find(`${at}`.padStart(43, 'A'), 'grafana')).toBeUndefined();
  expect((store as ReturnType<typeof createMemoryStore>).size()).toBe(0);
});

test('the cache is bounded', async () => {
  const few = openSessions(store, { now: clock.now, cacheBytes: 100_000 });
  const ids = await Promise.all(Array.from({ length: 200 }, () => few.create(makeSession(clock.now()))));
  for (const id of ids) expect(few.find(id, 'grafana')).toBeDefined();
  const { peek } = store;
  let reads = 0;
  store.peek = (keys) => {
    reads++;
    return peek!(keys);
  };
  void few.find(ids[199]!, 'grafana');
  expect(reads).toBe(0);
  void few.find(ids[0]!, 'grafana');
  expect(reads).toBeGreaterThan(0);
});

test('when the clock jumps back no user is logged out, and no session gains more than the jump', async () => {
  const id = await sessions.create(makeSession(clock.now()));
  clock.pass(-10 * HOUR);
  expect(sessions.find(id, 'grafana')).toBeDefined();
  await sessions.endUser('https://auth.example.com/application/o/x/', 'alice-sub');
  expect(sessions.find(id, 'grafana')).toBeUndefined();
  const next = await sessions.create(makeSession(clock.now()));
  clock.pass(10 * HOUR);
  expect(sessions.find(next, 'grafana')).toBeUndefined();
  expect(sessions.find(id, 'grafana')).toBeUndefined();
});

test('parallel requests read a session once, and a request after a sign-out does not join a read from before it', async () => {
  const id = await sessions.create(makeSession(clock.now()));
  let reads = 0;
  let continueReads: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    continueReads = resolve;
  });
  const slow: Store = {
    ...store,
    peek: undefined,
    async getMany(keys) {
      if (keys[0]!.startsWith('s:')) reads++;
      const records = await store.getMany(keys);
      await gate;
      return records;
    },
  };
  const cold = open([SECRET], slow);
  const before = Array.from({ length: 40 }, () => cold.find(id, 'grafana'));
  expect(reads).toBe(1);
  await cold.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
  await cold.end(id);
  const after = cold.find(id, 'grafana');
  continueReads();
  await Promise.all(before);
  expect(await after).toBeUndefined();
  expect(reads).toBe(2);
});
