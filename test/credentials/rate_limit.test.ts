import { beforeEach, describe, expect, it } from 'vitest';
import { createFingerprints } from '../../src/credentials/fingerprint.ts';
import { createRateLimit, type Permit, type RateLimit } from '../../src/credentials/rate_limit.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { LIMITS } from '../support/application.ts';
import { SECRET, START, watch } from './fixture.ts';

let at: number;
let limits: RateLimit;
let watched: ReturnType<typeof watch>;
let serial = 0;

const { counterKeyFor } = createFingerprints([SECRET]);
const make = (store: Store = watched.store) =>
  createRateLimit({ store, elapsed: () => at, counterKeyFor, limits: LIMITS });
const isPermit = (entered: Permit | { retryAfter: number }): entered is Permit => 'release' in entered;

interface From {
  id?: string;
  slug?: string;
  user?: string | undefined;
  address?: string;
  optional?: boolean;
  by?: RateLimit;
}

/** Each guess is another credential, from one address, unless the test says otherwise. */
const acquire = ({ by = limits, ...guess }: From = {}) =>
  by.acquire({
    id: `guess-${++serial}`,
    slug: 'files',
    user: 'alice',
    address: '192.0.2.1',
    optional: false,
    ...guess,
  });

async function permitOf(from: From = {}): Promise<Permit> {
  const permit = await acquire(from);
  if (!isPermit(permit)) throw new Error(`held back for ${permit.retryAfter} s`);
  return permit;
}

async function refuse(from: From = {}): Promise<'asked' | number> {
  const permit = await acquire(from);
  if (!isPermit(permit)) return permit.retryAfter;
  await permit.refused();
  await permit.release();
  return 'asked';
}

const times = async (count: number, work: (n: number) => Promise<unknown>) => {
  for (let n = 0; n < count; n++) await work(n);
};
const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

beforeEach(() => {
  at = START;
  watched = watch(createMemoryStore(() => at));
  limits = make();
});

describe('ten refusals of one user name, application and address', () => {
  it('hold further guesses back until the first is a minute old', async () => {
    await times(10, async () => {
      expect(await refuse()).toBe('asked');
      at += 1000;
    });
    expect(await refuse()).toBe(50);
    at += 50_000;
    expect(await refuse()).toBe('asked');
    // Attack: a count that ends whole would let ten more in at once.
    expect(await refuse()).toBe(1);
  });

  // Attack: ten guesses under a user name, by anyone, would lock its owner out.
  it('hold back nobody at another address, at another application and of another name', async () => {
    await times(10, () => refuse());
    expect(await refuse()).toBe(60);
    expect(await refuse({ address: '192.0.2.2' })).toBe('asked');
    expect(await refuse({ slug: 'wiki' })).toBe('asked');
    expect(await refuse({ user: 'bob' })).toBe('asked');
  });

  // Attack: one account under many spellings of its name.
  it.each([
    ['letter case', 'René', 'RENÉ'],
    ['composed and decomposed letters', 'René', 'RENE\u0301'],
    ['accents, which many databases ignore', 'René', 'rene'],
    ['full width letters', 'rene', '\uff52\uff45\uff4e\uff45'],
    ['ligatures and sharp s', 'straße', 'STRASSE'],
    ['spaces at the ends and doubled ones', 'al ice', ' al  ice '],
    ['invisible letters', 'alice', 'al\u200bice\ufeff'],
    ['the long s', 'alis', 'ali\u017f'],
  ])('count its spellings together: %s', async (_what, one, other) => {
    await times(10, (n) => refuse({ user: n % 2 ? one : other }));
    expect([await refuse({ user: one }), await refuse({ user: other })]).toEqual([60, 60]);
  });

  it('are ten for a client of unknown address, who is counted by user name alone', async () => {
    await times(10, () => refuse({ address: '' }));
    expect(await refuse({ address: '' })).toBe(60);
    // Attack: clients of unknown address with one counter would lock one another out.
    await times(40, (n) => refuse({ user: `user${n}`, address: '' }));
    expect(await refuse({ user: 'bob', address: '' })).toBe('asked');
    await times(40, async () => expect(await refuse({ user: undefined, address: '' })).toBe('asked'));
  });
});

describe('thirty refusals of one address', () => {
  // Attack: one address tries a common password under every user name.
  it('hold it back over all names, tokens and applications, and nobody else', async () => {
    await times(30, (n) => refuse({ user: n % 3 ? `user${n}` : undefined, slug: n % 2 ? 'files' : 'wiki' }));
    expect(await refuse({ user: 'another' })).toBe(60);
    expect(await refuse({ user: undefined })).toBe(60);
    expect(await refuse({ address: '::ffff:192.0.2.1' })).toBe(60);
    expect(await refuse({ address: '192.0.2.2' })).toBe('asked');
  });

  // Attack: an IPv6 client uses another address of its network for each guess.
  it('are those of its /64 for IPv6, for both counters', async () => {
    await times(10, (n) => refuse({ address: `2001:db8:0:1::${n + 1}` }));
    expect(await refuse({ address: '2001:db8:0:1:ffff:ffff:ffff:ffff' })).toBe(60);
    await times(20, (n) => refuse({ user: `user${n}`, address: `2001:db8:0:1::${n + 1}` }));
    expect(await refuse({ user: undefined, address: '2001:db8:0:1:2:3:4:5' })).toBe(60);
    expect(await refuse({ user: undefined, address: '2001:db8:0:2::1' })).toBe('asked');
  });
});

describe('a hundred refusals of one user name', () => {
  // Attack: a botnet has ten guesses from each address.
  it('hold it back from all addresses, at that application', async () => {
    await times(100, (n) => refuse({ address: `192.0.2.${n}` }));
    expect(await refuse({ address: '198.51.100.1' })).toBe(60);
    expect(await refuse({ address: '198.51.100.1', slug: 'wiki' })).toBe('asked');
  });

  // Attack: guesses that are held back keep the store busy.
  it('cost the store next to nothing from then on', async () => {
    await times(100, (n) => refuse({ address: `192.0.2.${n}` }));
    await refuse({ address: '198.51.100.1' });
    watched.writes.length = 0;
    await times(50, (n) => refuse({ address: `198.51.100.${n}` }));
    expect(watched.writes).toEqual([]);
  });

  // Attack: guesses that are over their own limit anyway would use up the places of the user name.
  it('are not used up by guesses that are held back', async () => {
    await times(200, () => refuse());
    expect(await refuse({ address: '198.51.100.1' })).toBe('asked');
  });
});

describe('what does not count', () => {
  it('is a credential that was accepted, or that the provider said nothing about', async () => {
    await times(150, async (n) => {
      const permit = await permitOf();
      await (n % 2 ? permit.accepted() : permit.release());
    });
    expect(await refuse()).toBe('asked');
  });

  it('is the same credential again', async () => {
    await times(30, async () => expect(await refuse({ id: 'a-forgotten-phone' })).toBe('asked'));
    await times(9, async () => expect(await refuse()).toBe('asked'));
    expect(await refuse({ id: 'a-forgotten-phone' })).toBe(60);
  });

  // Attack: were an outage to free the place of an earlier refusal, a provider that is slow now and then would give
  // more guesses.
  it('frees no place of an earlier refusal, unless the credential turns out right', async () => {
    await times(10, (n) => refuse({ id: `same-${n % 9}` }));
    const permit = await permitOf({ id: 'same-1' });
    await permit.release();
    await refuse();
    expect(await refuse()).toBe(60);
    limits = make();
    at += 60_000;
    await times(9, (n) => refuse({ id: `right-${n}` }));
    await (await permitOf({ id: 'right-1' })).accepted();
    await times(2, async () => expect(await refuse()).toBe('asked'));
  });
});

describe('refusals where no credential is needed', () => {
  // Attack: a page that sends its visitors' browsers with a password of the application's own holds them back elsewhere.
  it('hold nobody back where one is needed', async () => {
    await times(120, (n) => refuse({ optional: true, user: n % 2 ? 'alice' : `user${n}` }));
    expect(await refuse()).toBe('asked');
  });

  // Attack: where refusals count for nothing, guessing has no end.
  it('have limits of their own', async () => {
    await times(10, () => refuse({ optional: true }));
    expect(await refuse({ optional: true })).toBe(60);
  });
});

it('tells the refusal that reaches a limit', async () => {
  const told: boolean[] = [];
  await times(10, async () => void told.push(await (await permitOf()).refused()));
  expect(told).toEqual([...Array(9).fill(false), true]);
});

it('names no user and no address in the store, and every counter ends by itself', async () => {
  await times(3, () => refuse());
  const rows = [...watched.rows.keys()];
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row).toMatch(/^c:[\w-]{43}$/);
  at += 60_000;
  expect(await watched.store.getMany(rows)).toEqual([undefined, undefined, undefined]);
});

it('takes other numbers from the configuration', async () => {
  const own = { refusals_per_user_and_address: 2, refusals_per_address: 3, refusals_per_user: 4 };
  limits = createRateLimit({ store: watched.store, elapsed: () => at, counterKeyFor, limits: own });
  const asked = async (from: (n: number) => From) => {
    const results: unknown[] = [];
    await times(10, async (n) => void results.push(await refuse(from(n))));
    return results.filter((result) => result === 'asked').length;
  };
  expect(await asked(() => ({ slug: 'a' }))).toBe(2);
  expect(await asked((n) => ({ slug: 'b', user: `user${n}`, address: '192.0.2.9' }))).toBe(3);
  expect(await asked((n) => ({ slug: 'c', address: `198.51.100.${n}` }))).toBe(4);
});

it('is known to another replica, and costs it and the store next to nothing', async () => {
  const other = make();
  await times(10, (n) => refuse({ by: n % 2 ? limits : other }));
  watched.writes.length = 0;
  await times(50, async () => expect(await refuse({ by: make() })).toBe(60));
  expect(watched.writes).toEqual([]);
});

describe('guesses that come together', () => {
  // Attack: a thousand parallel guesses are all sent before the first is refused.
  it('cause no more than ten requests to the provider, over all replicas', async () => {
    let asked = 0;
    const replicas = [make(), make(), make()];
    const results = await Promise.all(
      Array.from({ length: 90 }, async (_, n) => {
        const permit = await acquire({ by: replicas[n % 3]! });
        if (!isPermit(permit)) return 'limited';
        asked += 1;
        await tick();
        await permit.refused();
        return 'refused';
      }),
    );
    expect(asked).toBe(10);
    expect(results.filter((result) => result === 'limited')).toHaveLength(80);
  });

  it('are all checked in their turn when they are right', async () => {
    let running = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const permit = await acquire({ user: `user${n}` });
        if (!isPermit(permit)) return 'limited';
        most = Math.max(most, ++running);
        await tick();
        running -= 1;
        await permit.accepted();
        return 'accepted';
      }),
    );
    expect(results).toEqual(Array(100).fill('accepted'));
    expect(most).toBe(30);
  });

  it('wait for an answer only at their own address', async () => {
    const slow = await Promise.all(Array.from({ length: 10 }, () => permitOf()));
    const behind = acquire();
    // Attack: the owner would stand behind the guesses of others, and a slow provider would keep him out.
    expect(await refuse({ address: '198.51.100.1' })).toBe('asked');
    await slow[0]!.accepted();
    expect(isPermit(await behind)).toBe(true);
  });

  it('do not wait for the answers to guesses from elsewhere: a user name with a hundred of them is held back', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => permitOf({ address: `192.0.2.${n}` })));
    expect(await refuse({ address: '198.51.100.1' })).toBe(60);
  });

  it('end in every order, whatever names and addresses cross', async () => {
    const results = await Promise.all(
      Array.from({ length: 90 }, async (_, n) => {
        const permit = await acquire({ user: `user${n % 3}`, address: `192.0.2.${n % 2}` });
        if (!isPermit(permit)) return 'limited';
        await tick();
        await (n % 4 === 0 ? permit.refused() : permit.release());
        return 'asked';
      }),
    );
    expect(results).toHaveLength(90);
    expect(results.filter((one) => one === 'asked').length).toBeGreaterThan(40);
  });

  it('are rejected at once behind a hundred others', async () => {
    const permits = Array.from({ length: 100 }, () => acquire());
    expect(await refuse()).toBe(10);
    for (const permit of permits) await ((await permit) as Permit).release();
    expect(await refuse()).toBe('asked');
  });

  it('get a 503 rather than wait longer than ten seconds for a provider that is slow', async () => {
    const first = await Promise.all(Array.from({ length: 10 }, () => permitOf()));
    const late = acquire();
    const rejected = expect(late).rejects.toMatchObject({ code: 'provider_unavailable' });
    await tick();
    at += 10_001;
    await first[0]!.refused();
    await first[1]!.release();
    await rejected;
  });
});

describe('a store that fails', () => {
  it('lets no guess through, and leaves no line behind', async () => {
    const { reserve } = watched.store;
    watched.store.reserve = () => Promise.reject(new Error('away'));
    await times(20, () => expect(acquire()).rejects.toThrow('away'));
    watched.store.reserve = reserve;
    expect(await refuse()).toBe('asked');
  });

  it('keeps a place that it cannot give back, until the minute ends', async () => {
    const { cancel } = watched.store;
    watched.store.cancel = () => Promise.reject(new Error('away'));
    await times(10, async () => (await permitOf()).release());
    watched.store.cancel = cancel;
    expect(await refuse()).toBe(60);
    at += 60_000;
    expect(await refuse()).toBe('asked');
  });
});
