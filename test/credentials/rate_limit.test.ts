import { beforeEach, describe, expect, it } from 'vitest';
import { createFingerprints } from '../../src/credentials/fingerprint.ts';
import { createRateLimit, type Permit, type RateLimit } from '../../src/credentials/rate_limit.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { SECRET, START, watch } from './fixture.ts';

let at: number;
let limits: RateLimit;
let watched: ReturnType<typeof watch>;

const isTurn = (entered: Permit | { retryAfter: number }): entered is Permit => 'release' in entered;
const make = () => createRateLimit({ store: watched.store, now: () => at, ...createFingerprints([SECRET]) });

async function refuse(user: string | undefined, address: string, by = limits): Promise<'asked' | number> {
  const turn = await by.acquire(user, address);
  if (!isTurn(turn)) return turn.retryAfter;
  await turn.recordFailure();
  turn.release();
  return 'asked';
}

beforeEach(() => {
  at = START;
  watched = watch(createMemoryStore(() => at));
  limits = make();
});

const times = async (count: number, work: (n: number) => Promise<unknown>) => {
  for (let n = 0; n < count; n++) await work(n);
};

describe('after ten refusals', () => {
  it('a user name waits for the rest of the minute, whatever the letter case, address and form', async () => {
    await times(10, (n) => refuse(n % 2 ? 'Ren\u00e9' : 'RENE\u0301', `192.0.2.${n}`));
    expect(await refuse('rene\u0301', '198.51.100.1')).toBe(60);
    expect(await refuse('bob', '198.51.100.1')).toBe('asked');
    at += 60_000;
    expect(await refuse('rene\u0301', '198.51.100.1')).toBe('asked');
  });

  it('an address waits, whatever the user name, and for tokens too', async () => {
    await times(10, (n) => refuse(n % 2 ? `user${n}` : undefined, '192.0.2.1'));
    expect(await refuse('another', '192.0.2.1')).toBe(60);
    expect(await refuse(undefined, '192.0.2.1')).toBe(60);
    expect(await refuse(undefined, '::ffff:192.0.2.1')).toBe(60);
    expect(await refuse('another', '192.0.2.2')).toBe('asked');
  });

  it('an IPv6 network of 64 bits waits as one client', async () => {
    await times(10, (n) => refuse(undefined, `2001:db8:0:1::${n + 1}`));
    expect(await refuse(undefined, '2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(60);
    expect(await refuse(undefined, '2001:db8:0:2::1')).toBe('asked');
  });

  it('another replica knows', async () => {
    const other = make();
    await times(10, (n) => refuse('alice', '', n % 2 ? limits : other));
    expect(await refuse('alice', '', make())).toBe(60);
  });
});

it('does not count clients whose address nobody knows together', async () => {
  await times(11, (n) => refuse(`user${n}`, ''));
  expect(await refuse('another', '')).toBe('asked');
});

it('tells the tenth refusal', async () => {
  const told: boolean[] = [];
  await times(10, async () => {
    const turn = (await limits.acquire('alice', '192.0.2.1')) as Permit;
    told.push(await turn.recordFailure());
    turn.release();
  });
  expect(told).toEqual([...Array(9).fill(false), true]);
});

it('does not count those who are accepted', async () => {
  await times(30, async () => ((await limits.acquire('alice', '192.0.2.1')) as Permit).release());
  expect(await refuse('alice', '192.0.2.1')).toBe('asked');
});

it('names no user and no address in the store, and every counter ends by itself', async () => {
  await times(3, () => refuse('alice', '192.0.2.1'));
  const rows = [...watched.rows.keys()];
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).toMatch(/^c:[\w-]{43}$/);
  at += 60_000;
  for (const row of rows) expect(await watched.store.count(row)).toBe(0);
});

describe('guesses that come together', () => {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

  it('get no more than ten questions, however many they are', async () => {
    let asked = 0;
    const results = await Promise.all(
      Array.from({ length: 80 }, async (_, n) => {
        const turn = await limits.acquire('alice', `192.0.2.${n}`);
        if (!isTurn(turn)) return 'limited';
        asked += 1;
        await tick();
        await turn.recordFailure();
        turn.release();
        return 'refused';
      }),
    );
    expect(asked).toBe(10);
    expect(results.filter((result) => result === 'limited')).toHaveLength(70);
  });

  it('are all asked in turn when they are right', async () => {
    let most = 0;
    let running = 0;
    const results = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const turn = await limits.acquire(`user${n}`, '192.0.2.1');
        if (!isTurn(turn)) return 'limited';
        most = Math.max(most, ++running);
        await tick();
        running -= 1;
        turn.release();
        return 'accepted';
      }),
    );
    expect(results).toEqual(Array(60).fill('accepted'));
    expect(most).toBeLessThanOrEqual(10);
  });

  it('wait in one order when user names and addresses cross, so that none waits for ever', async () => {
    const results = await Promise.all(
      Array.from({ length: 90 }, async (_, n) => {
        const turn = await limits.acquire(`user${n % 3}`, `192.0.2.${n % 2}`);
        if (!isTurn(turn)) return 'limited';
        await tick();
        if (n % 4 === 0) await turn.recordFailure();
        turn.release();
        return 'asked';
      }),
    );
    expect(results).toHaveLength(90);
    expect(results).toContain('asked');
  });

  it('are turned away at once behind a hundred others', async () => {
    const turns = Array.from({ length: 100 }, () => limits.acquire('alice', ''));
    expect(await refuse('alice', '')).toBe(10);
    for (const turn of turns) ((await turn) as Permit).release();
    expect(await refuse('alice', '')).toBe('asked');
  });

  it('get a 503 rather than wait longer than ten seconds for a provider that is slow', async () => {
    const first = await Promise.all(Array.from({ length: 10 }, () => limits.acquire('alice', '') as Promise<Permit>));
    const late = limits.acquire('alice', '');
    await tick();
    at += 10_001;
    first[0]!.release();
    await expect(late).rejects.toMatchObject({ code: 'provider_unavailable' });
  });
});

it('gives its place back when the store is away', async () => {
  const { count } = watched.store;
  watched.store.count = () => Promise.reject(new Error('away'));
  for (let n = 0; n < 20; n++) await expect(limits.acquire('alice', '192.0.2.1')).rejects.toThrow('away');
  watched.store.count = count;
  expect(await refuse('alice', '192.0.2.1')).toBe('asked');
});
