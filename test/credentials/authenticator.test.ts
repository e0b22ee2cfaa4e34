import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeaderResult } from '../../src/credentials/types.ts';
import { ProviderUnavailable, StoreUnavailable } from '../../src/errors.ts';
import { rejected } from '../../src/provider/index.ts';
import { sessionKey } from '../../src/sessions/keys.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { basic, identityOf, jwt, makeApplication, makeReplica, SECRET, START, watch } from './fixture.ts';

type Accepted = Extract<HeaderResult, { kind: 'accepted' }>;

const alice = basic('alice', 'good password');
let clock: { at: number };
let watched: ReturnType<typeof watch>;
let replica: ReturnType<typeof makeReplica>;

const accepted = (result: HeaderResult): Accepted => {
  expect(result.kind).toBe('accepted');
  return result as Accepted;
};
const rowsOf = (kind: string) => watched.rowsOf(kind);
const sessionRows = () => rowsOf('s');
/** A session, what leads the other replicas to it, and the mark that the credential is no guess: nothing else. */
const credentialRows = () => [...rowsOf('s'), ...rowsOf('a'), ...rowsOf('k')].toSorted();
/** But those that every session needs: of its user, and the order of sign-outs. */
const allRows = () => [...watched.rows.keys()].filter((key) => !/^[ugqx]:/.test(key)).toSorted();

beforeEach(() => {
  clock = { at: START };
  watched = watch(createMemoryStore(() => clock.at));
  replica = makeReplica({ store: watched.store, clock });
});

describe('the header of a request', () => {
  it.each(['Digest username="alice"', 'ApiKey 1234', ''])('%j is the application\u2019s', async (header) => {
    expect(await replica.authenticate(header)).toEqual({ kind: 'not_ours' });
  });

  it('basic: off leaves Basic, broken or not, to the application, and takes Bearer', async () => {
    const application = makeApplication({ basic: 'off' });
    for (const header of [alice, 'Basic !!', basic('goauthentik.io/token', 'good-token')]) {
      expect(await replica.authenticate(header, { application })).toEqual({ kind: 'not_ours' });
    }
    expect(await replica.authenticate('Bearer good-token', { application })).toMatchObject({ kind: 'accepted' });
  });

  it('a broken header is refused without a request to the provider', async () => {
    expect(replica.authenticate('Basic !!!!')).toEqual({ kind: 'refused' });
    expect(replica.stand.asked).toEqual([]);
  });

  it.each([
    ['app_password', alice, {}, 'app_password alice'],
    ['password', alice, { basic: 'password' as const }, 'password alice'],
    ['bearer', `Bearer ${jwt('a')}`, {}, 'bearer robot'],
    ['bearer', basic('goauthentik.io/token', 'good-token'), {}, 'bearer robot'],
  ])('asks by %s', async (_how, header, fields, question) => {
    await replica.authenticate(header, { application: makeApplication(fields) });
    expect(replica.stand.asked).toEqual([question]);
  });
});

describe('an accepted credential', () => {
  it('makes a session, with the cookie that opens it', async () => {
    const { live, newSessionId } = accepted(await replica.authenticate(alice));
    expect(live.session).toMatchObject({
      application: 'files',
      authMethod: 'basic',
      idToken: identityOf('alice', START + 300_000).idToken,
      sub: 'u-alice',
    });
    expect(live.session.expiresAt).toBe(START + 300_000);
    expect(newSessionId).toMatch(/^[\w-]{43}$/);
    expect(await replica.sessions.find(newSessionId!, 'files')).toEqual(live);
    expect(await replica.sessions.find(newSessionId!, 'other')).toBeUndefined();
  });

  it('returns without a wait from then on, and sets no second cookie', async () => {
    await replica.authenticate(alice);
    const again = replica.authenticate(alice);
    expect(again).not.toBeInstanceOf(Promise);
    expect(accepted(again as HeaderResult).newSessionId).toBeUndefined();
  });

  it('a thousand times is one session and one request to the provider', async () => {
    for (let n = 0; n < 1000; n++) accepted(await replica.authenticate(alice));
    expect(replica.stand.asked).toHaveLength(1);
    expect(allRows()).toEqual(credentialRows());
    expect(credentialRows()).toHaveLength(3);
    expect(watched.writes.filter((write) => write.startsWith('set s:'))).toHaveLength(1);
  });

  it('thirty times at once is one request to the provider, and one session for all', async () => {
    const results = await Promise.all(Array.from({ length: 30 }, () => replica.authenticate(alice)));
    expect(new Set(results.map((result) => accepted(result).newSessionId)).size).toBe(1);
    expect(replica.stand.asked).toHaveLength(1);
    expect(sessionRows()).toHaveLength(1);
  });

  it('reaches the provider with the address of the first client that brings it', async () => {
    const addresses = ['203.0.113.7', '203.0.113.8', '203.0.113.9'];
    await Promise.all(addresses.map((clientAddress) => replica.authenticate(alice, { clientAddress })));
    expect(replica.stand.addresses).toEqual(['203.0.113.7']);
  });

  it('is the same in every letter case of the scheme', async () => {
    await replica.authenticate(alice);
    accepted(await replica.authenticate(alice.replace('Basic', 'bASIC')));
    expect(replica.stand.asked).toHaveLength(1);
  });

  it('opens no other application', async () => {
    await replica.authenticate(alice);
    await replica.authenticate(alice, { application: makeApplication({ slug: 'wiki' }) });
    expect(replica.stand.asked).toHaveLength(2);
    expect(sessionRows()).toHaveLength(2);
  });

  it('never outlives the token', async () => {
    const first = accepted(await replica.authenticate(`Bearer ${jwt('a')}`));
    clock.at += 299_999;
    accepted(await replica.authenticate(`Bearer ${jwt('a')}`));
    expect(replica.stand.asked).toHaveLength(1);
    clock.at += 1;
    expect(await replica.sessions.find(first.newSessionId!, 'files')).toBeUndefined();
    accepted(await replica.authenticate(`Bearer ${jwt('a')}`));
    expect(replica.stand.asked).toHaveLength(2);
  });

  it('with a token that has ended by our clock is refused', async () => {
    replica.stand.answer = async () => identityOf('alice', START);
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
    expect(sessionRows()).toEqual([]);
  });

  it('keeps no refresh token', async () => {
    replica.stand.answer = async () => ({ ...identityOf('alice', START + 1000), refreshToken: 'refresh' });
    expect(accepted(await replica.authenticate(alice)).live.session.refreshToken).toBeUndefined();
  });

  it('of a bearer token has no ID token for the sign-out', async () => {
    expect(accepted(await replica.authenticate('Bearer good-token')).live.session).toMatchObject({
      authMethod: 'bearer',
      idToken: '',
    });
  });

  it('is nowhere in the store, nor what opens its session', async () => {
    const { newSessionId } = accepted(await replica.authenticate(alice));
    const dump = JSON.stringify([...watched.rows]);
    for (const secret of ['alice', 'good password', alice.slice(6), newSessionId!]) expect(dump).not.toContain(secret);
  });

  it('gives another cookie at each gateway: nothing of it can be computed', async () => {
    const other = makeReplica({ clock });
    const ids = await Promise.all(
      [replica, other].map(async (one) => accepted(await one.authenticate(alice)).newSessionId),
    );
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('once a minute', () => {
  it.each([
    ['Basic', alice],
    ['an opaque token', 'Bearer good-token'],
  ])('%s is asked about again, for the same session', async (_what, header) => {
    await replica.authenticate(header);
    clock.at += 59_999;
    await replica.authenticate(header);
    expect(replica.stand.asked).toHaveLength(1);
    clock.at += 1;
    const again = await Promise.all(Array.from({ length: 10 }, () => replica.authenticate(header)));
    expect(again.map((result) => accepted(result).newSessionId)).toEqual(Array(10).fill(undefined));
    expect(replica.stand.asked).toHaveLength(2);
    expect(accepted(again[0]!).live.session.expiresAt).toBe(START + 360_000);
    expect(replica.authenticate(header)).not.toBeInstanceOf(Promise);
    expect(sessionRows()).toHaveLength(1);
  });

  it('a JWT that keys vouch for is not asked about; with bearer: introspect it is', async () => {
    const introspect = { application: makeApplication({ slug: 'wiki', bearer: 'introspect' }) };
    const header = `Bearer ${jwt('a')}`;
    await replica.authenticate(header);
    await replica.authenticate(header, introspect);
    clock.at += 60_000;
    await replica.authenticate(header);
    expect(replica.stand.asked).toHaveLength(2);
    await replica.authenticate(header, introspect);
    expect(replica.stand.asked).toHaveLength(3);
  });

  it('a refusal ends the session, cookie and all', async () => {
    const { newSessionId } = accepted(await replica.authenticate(alice));
    replica.stand.answer = async () => rejected('invalid_grant', 'wrong');
    clock.at += 60_000;
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
    expect(await replica.sessions.find(newSessionId!, 'files')).toBeUndefined();
    expect(replica.authenticate(alice)).toEqual({ kind: 'refused' });
  });

  it('a provider that is down changes nothing until the token ends, and is asked once a minute', async () => {
    await replica.authenticate(alice);
    replica.stand.answer = () => Promise.reject(new ProviderUnavailable());
    clock.at += 60_000;
    accepted(await replica.authenticate(alice));
    expect(replica.authenticate(alice)).not.toBeInstanceOf(Promise);
    expect(replica.stand.asked).toHaveLength(2);
    clock.at += 60_000;
    accepted(await replica.authenticate(alice));
    expect(replica.stand.asked).toHaveLength(3);
    clock.at = START + 300_000;
    await expect(replica.authenticate(alice)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('a provider that responds too late restores no session that was signed out meanwhile', async () => {
    await replica.authenticate(alice);
    clock.at += 60_000;
    replica.stand.answer = async () => {
      await replica.sessions.endUser('https://auth.example.com', 'u-alice');
      throw new ProviderUnavailable();
    };
    await expect(replica.authenticate(alice)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('a credential that was accepted before is rechecked even where other clients have guessed too often', async () => {
    await replica.authenticate(alice);
    for (let n = 0; n < 11; n++) await replica.authenticate(basic('alice', `bad${n}`));
    expect(await replica.authenticate(basic('alice', 'bad'))).toMatchObject({ kind: 'limited' });
    accepted(await replica.authenticate(alice));
    clock.at += 59_000;
    for (let n = 0; n < 11; n++) await replica.authenticate(basic('alice', `worse${n}`));
    clock.at += 1000;
    accepted(await replica.authenticate(alice));
  });
});

it('after a sign-out the same credential is asked about again', async () => {
  const { newSessionId } = accepted(await replica.authenticate(alice));
  await replica.sessions.endUser('https://auth.example.com', 'u-alice');
  expect(await replica.sessions.find(newSessionId!, 'files')).toBeUndefined();
  accepted(await replica.authenticate(alice));
  expect(replica.stand.asked).toHaveLength(2);
});

describe('the session of a credential has a new id each time', () => {
  /** The ids that the ends of this session were met with. */
  async function endedBy(end: (id: string) => Promise<unknown>): Promise<{ old: string; next: string }> {
    const old = accepted(await replica.authenticate(alice)).newSessionId!;
    await end(old);
    const next = accepted(await replica.authenticate(alice)).newSessionId!;
    return { old, next };
  }

  // Attack: a stolen cookie that opens again with the owner's next request, since the id was derived from the credential.
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['a sign-out', () => replica.sessions.endUser('https://auth.example.com', 'u-alice')],
    ['its end', (id) => replica.sessions.end(id)],
    [
      'its expiry',
      async () => {
        clock.at += 300_000;
      },
    ],
    ['the loss of its record', (id) => watched.store.delete(sessionKey(id))],
  ])('after %s', async (_, end) => {
    const { old, next } = await endedBy(end);
    expect(next).toMatch(/^[\w-]{43}$/);
    expect(next).not.toBe(old);
    expect(await replica.sessions.find(next, 'files')).toBeDefined();
    for (const one of [replica, makeReplica({ store: watched.store, clock })]) {
      expect(await one.sessions.find(old, 'files')).toBeUndefined();
      expect(accepted(await one.authenticate(alice)).newSessionId).toBeUndefined();
    }
  });

  it('of two replicas that make one at once, one wins, and both lead to it', async () => {
    // A lock that does not hold: its time has ended, or the store was exchanged.
    const store = {
      ...watched.store,
      add: (key: string, ...row: [string, number]) =>
        key.startsWith('l:') ? Promise.resolve(true) : watched.store.add(key, ...row),
    };
    const both = [makeReplica({ store, clock }), makeReplica({ store, clock })];
    // Both know that the provider has the grant: so long as that is open, one of them asks first.
    for (const one of both) await one.authenticate(basic('mallory', 'good too'));
    for (const one of both) one.stand.asked.length = 0;
    const made = (await Promise.all(both.map((one) => one.authenticate(alice)))).map(accepted);
    expect(both.map((one) => one.stand.asked.length)).toEqual([1, 1]);
    expect(made[0]!.newSessionId).toBe(made[1]!.newSessionId);
    const third = makeReplica({ store, clock });
    expect(accepted(await third.authenticate(alice)).live.key).toBe(made[0]!.live.key);
    expect(third.stand.asked).toEqual([]);
  });

  // Attack: a reader of the store who also has an account tries what leads from credentials to sessions.
  it('what leads to it is sealed, and opens nothing under another key', async () => {
    const mine = basic('mallory', 'good too');
    await replica.authenticate(alice);
    const [ofAlice] = rowsOf('a');
    await replica.authenticate(mine);
    const ofMallory = rowsOf('a').find((key) => key !== ofAlice)!;
    await watched.store.set(ofMallory, watched.rows.get(ofAlice!)!, 300_000);
    const other = makeReplica({ store: watched.store, clock });
    expect(accepted(await other.authenticate(mine)).live.session.user.username).toBe('mallory');
    expect(other.stand.asked).toEqual(['app_password mallory']);
  });

  it('another provider or client is asked anew', async () => {
    const { newSessionId } = accepted(await replica.authenticate(alice));
    const application = makeApplication({ client_id: 'files-2' });
    const changed = makeReplica({ store: watched.store, clock });
    const there = accepted(await changed.authenticate(alice, { application }));
    expect(there.newSessionId).toBeDefined();
    expect(there.newSessionId).not.toBe(newSessionId);
    expect(await changed.sessions.find(newSessionId!, 'files')).toBeUndefined();
  });

  it('a recheck that names another user ends the session of the first', async () => {
    const { newSessionId } = accepted(await replica.authenticate('Bearer good-token'));
    replica.stand.answer = async () => identityOf('somebody', clock.at + 300_000);
    clock.at += 60_000;
    const moved = accepted(await replica.authenticate('Bearer good-token'));
    expect(moved.live.session.sub).toBe('u-somebody');
    expect(moved.newSessionId).not.toBe(newSessionId);
    expect(await replica.sessions.find(newSessionId!, 'files')).toBeUndefined();
  });

  it('a session that expires while it is rechecked is made anew, one that is signed out is not', async () => {
    const { answer } = replica.stand;
    await replica.authenticate(alice);
    clock.at += 299_000;
    replica.stand.answer = async (...asked) => {
      clock.at += 2000;
      return answer(...asked);
    };
    expect(accepted(await replica.authenticate(alice)).newSessionId).toBeDefined();
    clock.at += 60_000;
    replica.stand.answer = async (...asked) => {
      await replica.sessions.endUser('https://auth.example.com', 'u-alice');
      return answer(...asked);
    };
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
  });
});

// Attack: the ID token of a sign-out's address, or a token out of an application's log, as Bearer.
describe('a bearer token after the sign-out', () => {
  const bearerOf = (claims: object) => `Bearer ${jwt('a', { sub: 'u-robot', iat: clock.at / 1000, ...claims })}`;
  const signOut = () => replica.sessions.endUser('https://auth.example.com', 'u-robot');
  beforeEach(() => {
    replica.stand.answer = async (user) => identityOf(user, clock.at + 300_000);
  });

  it('is refused everywhere, cached or not, without a count of guesses; a later one opens', async () => {
    const header = bearerOf({});
    const inBasic = basic('goauthentik.io/token', header.slice('Bearer '.length));
    const { newSessionId } = accepted(await replica.authenticate(header));
    clock.at += 5000;
    await signOut();
    const other = makeReplica({ store: watched.store, clock });
    for (let n = 0; n < 12; n++) {
      for (const one of [replica, other]) {
        expect(await one.authenticate(header)).toEqual({ kind: 'refused' });
        expect(await one.authenticate(inBasic)).toEqual({ kind: 'refused' });
      }
      clock.at += 10_000;
    }
    expect(await replica.sessions.find(newSessionId!, 'files')).toBeUndefined();
    accepted(await replica.authenticate(bearerOf({})));
    accepted(await replica.authenticate(alice));
  });

  it('is refused where the sign-out comes while it is verified', async () => {
    replica.stand.answer = async (user) => {
      clock.at += 1000;
      await signOut();
      return identityOf(user, clock.at + 300_000);
    };
    expect(await replica.authenticate(bearerOf({}))).toEqual({ kind: 'refused' });
  });
});

it('a sign-out while the provider is asked about a credential wins', async () => {
  const { answer } = replica.stand;
  replica.stand.answer = async (...asked) => {
    clock.at += 1000;
    await replica.sessions.endUser('https://auth.example.com', 'u-alice');
    return answer(...asked);
  };
  expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
  replica.stand.answer = answer;
  accepted(await replica.authenticate(alice));
});

describe('a refused credential', () => {
  it('is remembered for ten seconds, leaves no record, and is checked again after them', async () => {
    const header = basic('alice', 'bad');
    expect(await replica.authenticate(header)).toEqual({ kind: 'refused' });
    clock.at += 9_999;
    expect(replica.authenticate(header)).toEqual({ kind: 'refused' });
    expect(replica.stand.asked).toHaveLength(1);
    clock.at += 1;
    replica.stand.answer = async () => identityOf('alice', clock.at + 300_000);
    accepted(await replica.authenticate(header));
    expect(allRows().filter((key) => !key.startsWith('c:'))).toEqual(credentialRows());
    expect(sessionRows()).toHaveLength(1);
  });

  it('is remembered for its application alone', async () => {
    await replica.authenticate(basic('alice', 'bad'));
    await replica.authenticate(basic('alice', 'bad'), { application: makeApplication({ slug: 'wiki' }) });
    expect(replica.stand.asked).toHaveLength(2);
  });

  it('counts as one guess however often a program repeats it within a minute', async () => {
    for (let n = 0; n < 30; n++) {
      await replica.authenticate('Bearer of-the-application', { clientAddress: '192.0.2.9' });
      await replica.authenticate(`Bearer of-the-application-${n % 3}`, { clientAddress: '192.0.2.9' });
      clock.at += 10_000;
    }
    expect(await replica.authenticate(alice, { clientAddress: '192.0.2.9' })).toMatchObject({ kind: 'accepted' });
  });

  it('is logged without the credential', async () => {
    for (let n = 0; n < 10; n++) await replica.authenticate(basic('alice', `bad password ${n}`));
    expect(replica.logged.map((notice) => notice.event)).toContain('credential.denied');
    expect(replica.logged.map((notice) => notice.event)).toContain('credential.rate_limited');
    expect(JSON.stringify(replica.logged)).not.toContain('bad password');
  });
});

it('after ten refusals the provider is not asked, even with the right password', async () => {
  for (let n = 0; n < 10; n++) await replica.authenticate(basic(n % 2 ? 'alice' : 'ALICE', `bad${n}`));
  expect(await replica.authenticate(alice)).toEqual({ kind: 'limited', retryAfter: 60 });
  expect(replica.stand.asked).toHaveLength(10);
  accepted(await replica.authenticate(basic('bob', 'good')));
  clock.at += 60_000;
  accepted(await replica.authenticate(alice));
});

describe('replicas', () => {
  it('share the session of a credential', async () => {
    const other = makeReplica({ store: watched.store, clock });
    const { live } = accepted(await replica.authenticate(alice));
    const there = accepted(await other.authenticate(alice));
    expect(there.newSessionId).toBeUndefined();
    expect(there.live.key).toBe(live.key);
    expect(other.stand.asked).toEqual([]);
  });

  it('send one request to the provider between them when thirty requests come at once', async () => {
    const other = makeReplica({ store: watched.store, clock });
    for (const one of [replica, other]) {
      const { answer } = one.stand;
      one.stand.answer = async (...args) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return answer(...args);
      };
    }
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 ? replica : other).authenticate(alice)),
    );
    for (const result of results) accepted(result);
    expect(replica.stand.asked.length + other.stand.asked.length).toBe(1);
    expect(allRows()).toEqual(credentialRows());
    expect(sessionRows()).toHaveLength(1);
  });

  it('leave the recheck to the replica that runs it already', async () => {
    const other = makeReplica({ store: watched.store, clock });
    await replica.authenticate(alice);
    await other.authenticate(alice);
    clock.at += 60_000;
    let answerNow: () => void = () => {};
    replica.stand.answer = () =>
      new Promise((resolve) => {
        answerNow = () => resolve(identityOf('alice', clock.at + 300_000));
      });
    const asking = replica.authenticate(alice);
    await vi.waitFor(() => expect(replica.stand.asked).toHaveLength(2));
    accepted(await other.authenticate(alice));
    answerNow();
    accepted(await asking);
    accepted(await other.authenticate(alice));
    expect(other.stand.asked).toEqual([]);
  });
});

describe('when secrets rotate', () => {
  const next = 'the next secret of 32 characters';

  it('the session lives on under its id, and the credential leads to it when the old one is gone', async () => {
    const old = accepted(await replica.authenticate(alice)).newSessionId!;
    const rotated = makeReplica({ store: watched.store, clock, secret: [next, SECRET] });
    expect(accepted(await rotated.authenticate(alice)).newSessionId).toBeUndefined();
    expect(rotated.authenticate(alice)).not.toBeInstanceOf(Promise);
    expect(rotated.stand.asked).toEqual([]);
    clock.at += 60_000;
    expect(accepted(await rotated.authenticate(alice)).newSessionId).toBeUndefined();
    expect(rotated.stand.asked).toHaveLength(1);
    const done = makeReplica({ store: watched.store, clock, secret: [next] });
    expect(accepted(await done.authenticate(alice)).newSessionId).toBeUndefined();
    expect(await done.sessions.find(old, 'files')).toBeDefined();
    expect(done.stand.asked).toEqual([]);
    // Attack: a session that knows the old secret's sign-outs alone would outlive those under the new one.
    await done.sessions.endUser('https://auth.example.com', 'u-alice');
    expect(await done.sessions.find(old, 'files')).toBeUndefined();
  });

  it('a refusal ends the session whatever its secret', async () => {
    const old = accepted(await replica.authenticate(alice)).newSessionId!;
    const rotated = makeReplica({ store: watched.store, clock, secret: [next, SECRET] });
    clock.at += 60_000;
    rotated.stand.answer = async () => rejected('invalid_grant', 'wrong');
    expect(await rotated.authenticate(alice)).toEqual({ kind: 'refused' });
    expect(await rotated.sessions.find(old, 'files')).toBeUndefined();
  });
});

describe('faults', () => {
  it('a provider without an answer is neither a refusal nor remembered nor counted', async () => {
    const { answer } = replica.stand;
    replica.stand.answer = () => Promise.reject(new ProviderUnavailable());
    for (let n = 0; n < 12; n++) await expect(replica.authenticate(alice)).rejects.toBeInstanceOf(ProviderUnavailable);
    replica.stand.answer = answer;
    accepted(await replica.authenticate(alice));
  });

  it('a bug is neither', async () => {
    replica.stand.answer = () => Promise.reject(new TypeError('bug'));
    await expect(replica.authenticate(alice)).rejects.toThrow('bug');
    expect([...watched.rows.keys()]).toEqual([]);
  });

  it.each(['getMany', 'add', 'set', 'reserve'] as const)('a store that fails at %s is unavailable', async (method) => {
    const store = { ...watched.store, peek: undefined, [method]: () => Promise.reject(new StoreUnavailable()) };
    const broken = makeReplica({ store, clock });
    await expect(broken.authenticate(alice)).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('a store that cannot count a refusal is unavailable: guessing without a count is not refused but stopped', async () => {
    const store = { ...watched.store, reserve: () => Promise.reject(new StoreUnavailable()) };
    await expect(makeReplica({ store, clock }).authenticate(basic('a', 'bad'))).rejects.toBeInstanceOf(
      StoreUnavailable,
    );
  });

  it('a store that cannot give the lock back does not spoil the answer', async () => {
    const store = { ...watched.store, delete: () => Promise.reject(new StoreUnavailable()) };
    accepted(await makeReplica({ store, clock }).authenticate(alice));
  });

  it('a known credential whose store becomes unavailable is unavailable, and no promise is left alone', async () => {
    const store = { ...watched.store };
    const broken = makeReplica({ store, clock });
    accepted(await broken.authenticate(alice));
    Object.assign(store, {
      generation: () => undefined,
      peek: undefined,
      getMany: () => Promise.reject(new StoreUnavailable()),
    });
    await expect(broken.authenticate(alice)).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe('beside a cookie', () => {
  it('the credential that made the session is spent, in any spelling and on any replica', async () => {
    const { live } = accepted(await replica.authenticate(alice));
    const other = makeReplica({ store: watched.store, clock });
    for (const one of [replica, other]) {
      expect(one.isOurCredential(live, alice, makeApplication())).toBe(true);
      expect(one.isOurCredential(live, alice.replace('Basic', 'basic'), makeApplication())).toBe(true);
    }
  });

  it('what the application has for itself is not', async () => {
    const { live } = accepted(await replica.authenticate(alice));
    for (const header of ['Digest a', 'Basic !!', basic('admin', 'of the application'), 'Bearer x']) {
      expect(replica.isOurCredential(live, header, makeApplication())).toBe(false);
    }
  });

  it('one that was accepted before is, whatever session the cookie has', async () => {
    await replica.authenticate(alice);
    const { live } = accepted(await replica.authenticate('Bearer good-token'));
    expect(
      replica.isOurCredential({ ...live, session: { ...live.session, authMethod: 'login' } }, alice, makeApplication()),
    ).toBe(true);
  });
});
