/** What guesses do to others: nothing. Header authentication with a provider that counts the requests that it gets. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { rejected } from '../../src/provider/index.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { basic, identityOf, jwt, makeApplication, makeReplica, SECRET, watch } from './fixture.ts';

const alice = basic('alice', 'good password');
const here = { clientAddress: '198.51.100.1' };
let clock: { at: number };
let watched: ReturnType<typeof watch>;
let replica: ReturnType<typeof makeReplica>;

beforeEach(() => {
  clock = { at: 1_800_000_000_000 };
  watched = watch(createMemoryStore(() => clock.at));
  replica = makeReplica({ store: watched.store, clock });
});

const rows = (kind: string) => watched.rowsOf(kind);

/** `count` wrong passwords, from as many addresses of a botnet as asked for. */
async function guess(count: number, { user = 'alice', addresses = 1, by = replica } = {}) {
  for (let n = 0; n < count; n++) {
    await by.authenticate(basic(user, `bad ${n}`), { clientAddress: `203.0.113.${n % addresses}` });
  }
}

describe('a credential that was accepted before is never held back', () => {
  // Attack: guesses under a user name, by anyone, keep the owner's programs out: their sessions end with each token.
  it.each([
    ['one user name from one address', { addresses: 1 }, { clientAddress: '203.0.113.0' }],
    ['one user name from everywhere', { addresses: 50 }, here],
  ])('by refusals of %s, after its session has ended, on another replica and after a secret has rotated', async (_what, how, from) => {
    await replica.authenticate(alice, from);
    await guess(120, how);
    expect(await replica.authenticate(basic('alice', 'good and new'), from)).toMatchObject({ kind: 'limited' });
    for (let day = 0; day < 3; day++) {
      clock.at += 86_400_000;
      await guess(120, how);
      expect(await replica.authenticate(alice, from)).toMatchObject({ kind: 'accepted' });
    }
    const other = makeReplica({
      store: watched.store,
      clock,
      secret: ['a secret of the next year, 32 characters', SECRET],
    });
    clock.at += 86_400_000;
    await guess(120, { ...how, by: other });
    expect(await other.authenticate(alice, from)).toMatchObject({ kind: 'accepted' });
  });

  it('by refusals of its address', async () => {
    await replica.authenticate('Bearer good-token', here);
    for (let n = 0; n < 40; n++) await replica.authenticate(basic(`user${n}`, 'bad'), here);
    expect(await replica.authenticate(alice, here)).toMatchObject({ kind: 'limited' });
    clock.at += 30_000;
    for (let n = 0; n < 40; n++) await replica.authenticate(basic(`user${n}`, 'bad'), here);
    clock.at += 299_999;
    for (let n = 0; n < 40; n++) await replica.authenticate(basic(`user${n}`, 'bad'), here);
    expect(await replica.authenticate('Bearer good-token', here)).toMatchObject({ kind: 'accepted' });
  });

  // Attack: an app password that was revoked would be guessed without a limit by one who had it: it is a single guess.
  it('until the provider refuses it: then it is a guess like any other', async () => {
    await replica.authenticate(alice, here);
    expect(rows('k')).toHaveLength(1);
    clock.at += 300_000;
    replica.stand.answer = async () => rejected('invalid_grant', 'revoked');
    expect(await replica.authenticate(alice, here)).toEqual({ kind: 'refused' });
    expect(rows('k')).toEqual([]);
    await guess(10);
    clock.at += 10_000;
    expect(await replica.authenticate(alice, { clientAddress: '203.0.113.0' })).toMatchObject({ kind: 'limited' });
  });

  it('also when a recheck refuses it', async () => {
    await replica.authenticate(alice, here);
    clock.at += 60_000;
    replica.stand.answer = async () => rejected('invalid_grant', 'revoked');
    await replica.authenticate(alice, here);
    expect(rows('k')).toEqual([]);
  });

  it('leaves a keyed hash for its application alone, and none for a token that keys verify', async () => {
    await replica.authenticate(alice, here);
    await replica.authenticate(`Bearer ${jwt('a')}`, here);
    expect(rows('k')).toEqual([expect.stringMatching(/^k:[\w-]{43}$/)]);
    await guess(120);
    const application = makeApplication({ slug: 'wiki' });
    for (let n = 0; n < 10; n++) await replica.authenticate(basic('alice', `bad ${n}`), { ...here, application });
    expect(await replica.authenticate(alice, { ...here, application })).toMatchObject({ kind: 'limited' });
  });
});

// Attack: a provider that does not say whether the password is right must not make a guess free, and its outage must
// not lock anybody out.
it('a guess that the provider does not answer is not counted, and no yes', async () => {
  const { answer } = replica.stand;
  replica.stand.answer = () => Promise.reject(new ProviderUnavailable());
  for (let n = 0; n < 40; n++) {
    await expect(replica.authenticate(basic('alice', `bad ${n}`), here)).rejects.toBeInstanceOf(ProviderUnavailable);
  }
  replica.stand.answer = answer;
  expect(await replica.authenticate(alice, here)).toMatchObject({ kind: 'accepted' });
});

// Attack: a slow provider and guesses from many addresses keep the owner waiting behind them.
it('an owner waits for no guess from another address', async () => {
  replica.stand.answer = async (user, secret) =>
    secret.startsWith('good') ? identityOf(user, clock.at + 300_000) : new Promise(() => undefined);
  void guess(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let n = 0; n < 60; n++) {
    void replica.authenticate(basic('alice', `bad ${n}`), { clientAddress: `203.0.113.${n % 6}` });
  }
  const began = performance.now();
  expect(await replica.authenticate(alice, here)).toMatchObject({ kind: 'accepted' });
  expect(performance.now() - began).toBeLessThan(1000);
});

describe('where no credential is needed', () => {
  const optional = { ...here, optional: true };

  // Attack: a provider that hangs makes a page slow that needs none, for visitors with a header of the application's.
  it('a credential that is not known yet takes a second at most, and is known later', async () => {
    let answerNow: () => void = () => {};
    replica.stand.answer = (user) =>
      new Promise((resolve) => {
        answerNow = () => resolve(identityOf(user, clock.at + 300_000));
      });
    const began = performance.now();
    expect(await replica.authenticate(alice, optional)).toEqual({ kind: 'refused' });
    expect(performance.now() - began).toBeGreaterThan(900);
    answerNow();
    await expect.poll(async () => (await replica.authenticate(alice, optional)).kind).toBe('accepted');
    expect(replica.stand.asked).toHaveLength(1);
  });

  it('refusals and faults count for no limit elsewhere, and guesses have limits there too', async () => {
    for (let n = 0; n < 40; n++) await replica.authenticate(basic('alice', `bad ${n}`), optional);
    expect(replica.stand.asked).toHaveLength(10);
    expect(await replica.authenticate(alice, here)).toMatchObject({ kind: 'accepted' });
    expect(await replica.authenticate(alice, optional)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a provider without the grant', () => {
  const notOffered = async () => rejected('grant_not_offered', 'no such grant', new Error('unauthorized_client'));
  const logged = () => replica.logged.filter(({ event }) => event === 'credential.grant_not_offered');
  const invent = (n: number, by = replica) =>
    by.authenticate(basic(`user${n}`, `invented ${n}`), { clientAddress: `203.0.113.${n}` });
  beforeEach(() => {
    replica.stand.answer = notOffered;
  });

  // Attack: anybody makes Gatepost hammer such a provider, which then locks Gatepost out.
  it('is asked once a minute, whatever is invented, and the log says once which setting ends that', async () => {
    for (let minute = 0; minute < 3; minute++) {
      for (let n = 0; n < 40; n++) expect(await invent(n)).toEqual({ kind: 'refused' });
      expect(replica.stand.asked).toHaveLength(minute + 1);
      clock.at += 60_000;
    }
    expect(logged()).toHaveLength(1);
    expect(logged()[0]).toMatchObject({ level: 'warn', application: 'files' });
    expect(logged()[0]!.message).toContain('`basic: off`');
    expect(JSON.stringify(replica.logged)).not.toContain('invented');
    expect(rows('c')).toEqual([]);
  });

  it('is asked once when forty requests come together, and by one of two replicas', async () => {
    const other = makeReplica({ store: watched.store, clock });
    other.stand.answer = notOffered;
    await Promise.all(Array.from({ length: 40 }, (_, n) => invent(n)));
    for (let n = 0; n < 40; n++) expect(await invent(n, other)).toEqual({ kind: 'refused' });
    expect([replica.stand.asked.length, other.stand.asked.length]).toEqual([1, 0]);
    clock.at += 60_000;
    await Promise.all(Array.from({ length: 40 }, (_, n) => invent(n + 40, n % 2 ? replica : other)));
    expect(replica.stand.asked.length + other.stand.asked.length).toBe(2);
  });

  // Attack: at a start, guesses from three networks at a slow provider keep every owner waiting for the first answer.
  it('keeps an owner waiting less than a second while nothing is known of the grant', async () => {
    replica.stand.answer = (user, secret) =>
      secret.startsWith('good') ? Promise.resolve(identityOf(user, clock.at + 300_000)) : new Promise(() => undefined);
    for (let n = 0; n < 60; n++) {
      void replica.authenticate(basic('bob', `bad ${n}`), { clientAddress: `203.0.${n % 6}.9` });
    }
    const began = performance.now();
    expect(await replica.authenticate(alice, here)).toMatchObject({ kind: 'accepted' });
    expect(performance.now() - began).toBeLessThan(2500);
  });

  // Attack: a provider that takes longer to say no than requests wait for it would be sent the whole burst.
  it('is asked once by each client while it is slow to say no, and each client waits for its own request', async () => {
    let sayNo: () => void = () => {};
    const no = new Promise<void>((resolve) => {
      sayNo = resolve;
    });
    replica.stand.answer = async () => {
      await no;
      return notOffered();
    };
    const all = Array.from({ length: 40 }, (_, n) =>
      replica.authenticate(basic(`user ${n}`, 'invented'), { clientAddress: `203.0.113.${n % 2}` }),
    );
    await vi.waitFor(() => expect(replica.stand.asked).toHaveLength(2), { timeout: 3000 });
    sayNo();
    for (const result of await Promise.all(all)) expect(result).toEqual({ kind: 'refused' });
    expect(replica.stand.asked).toHaveLength(2);
  });

  // Attack: at a slow provider each process that gives up late lets one more ask beside the one that asks now.
  it('is still asked by one process first after another one has given up late', async () => {
    let giveUp: () => void = () => {};
    replica.stand.answer = () =>
      new Promise((_, reject) => {
        giveUp = () => reject(new ProviderUnavailable());
      });
    const late = invent(1);
    await vi.waitFor(() => expect(replica.stand.asked).toHaveLength(1));
    clock.at += 1001;
    const next = makeReplica({ store: watched.store, clock });
    next.stand.answer = () => new Promise(() => undefined);
    void invent(2, next);
    await vi.waitFor(() => expect(next.stand.asked).toHaveLength(1));
    giveUp();
    await expect(late).rejects.toBeInstanceOf(ProviderUnavailable);
    expect(rows('n')).toHaveLength(1);
    clock.at += 1001;
    expect(await watched.store.getMany(rows('n'))).toEqual([undefined]);
  });

  it('is asked for another application, and for tokens', async () => {
    await invent(1);
    const application = makeApplication({ slug: 'wiki' });
    await replica.authenticate(basic('bob', 'good'), { application });
    replica.stand.answer = async (user) => identityOf(user, clock.at + 300_000);
    expect(await replica.authenticate('Bearer good-token')).toMatchObject({ kind: 'accepted' });
    expect(replica.stand.asked).toHaveLength(3);
  });

  it('takes passwords again at the first one that comes after the operator has turned the grant on', async () => {
    await invent(1);
    replica.stand.answer = async (user, secret) =>
      secret.startsWith('good') ? identityOf(user, clock.at + 300_000) : rejected('invalid_grant', 'wrong');
    clock.at += 59_999;
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
    clock.at += 10_001;
    expect(await replica.authenticate(alice)).toMatchObject({ kind: 'accepted' });
    expect(rows('n')).toEqual([]);
    expect(await replica.authenticate(basic('bob', 'good'))).toMatchObject({ kind: 'accepted' });
  });

  // Attack: with a user for whom the provider answers so, anybody would turn the passwords of all others off.
  it('is still asked about a credential that was accepted before', async () => {
    replica.stand.answer = async (user, secret) =>
      secret.startsWith('good') ? identityOf(user, clock.at + 300_000) : notOffered();
    await replica.authenticate(alice);
    clock.at += 300_000;
    await invent(1);
    expect(await replica.authenticate(basic('bob', 'good'))).toEqual({ kind: 'refused' });
    expect(await replica.authenticate(alice)).toMatchObject({ kind: 'accepted' });
    expect(await replica.authenticate(basic('carol', 'good'))).toMatchObject({ kind: 'accepted' });
  });

  it('is asked again at once with another setting', async () => {
    await invent(1);
    replica.stand.answer = async (user) => identityOf(user, clock.at + 300_000);
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
    const application = makeApplication({ basic: 'password' });
    clock.at += 10_000;
    expect(await replica.authenticate(alice, { application })).toMatchObject({ kind: 'accepted' });
  });
});
