import { beforeEach, expect, test } from 'vitest';
import { createKept, type KeptOptions } from '../../src/outpost/kept.ts';
import type { OutpostState } from '../../src/outpost/types.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);

const state: OutpostState = {
  instance: {
    pk: '6f9d8a52-6f0e-4a3c-8f4e-2f3f3f3f3f3f',
    name: 'edge',
    type: 'proxy',
    managed: undefined,
    refreshIntervalS: 300,
    config: {
      logLevel: 'info',
      authentikHost: 'https://auth.example.com',
      authentikHostBrowser: undefined,
      authentikHostInsecure: false,
    },
    providers: [{ pk: 1, name: 'wiki', slug: 'wiki' }],
  },
  providers: [{ pk: 1, name: 'wiki', client_id: 'id', client_secret: 'hunter2 hunter2', cookie_secret: 'never kept' }],
};

let nowMs: number;
let options: KeptOptions;
let rows: Map<string, string>;

beforeEach(() => {
  nowMs = START;
  rows = new Map();
  const memory = createMemoryStore(() => performance.now());
  options = {
    store: {
      getMany: async (keys) => keys.map((key) => rows.get(key)),
      async set(key, value, ttlMs) {
        rows.set(key, value);
        await memory.set(key, value, ttlMs);
      },
    },
    secret: ['a secret of at least thirty-two characters'],
    host: 'https://auth.example.com/',
    token: 'a token of an outpost, long enough for one',
    keepMs: 7 * DAY_MS,
    now: () => nowMs,
  };
});

const kept = (changes: Partial<KeptOptions> = {}) => createKept({ ...options, ...changes });

test('what was kept comes back with its time, without the secret of cookies', async () => {
  await kept().write(state);
  nowMs += DAY_MS;
  const found = await kept().read();
  expect(found?.at).toBe(START);
  expect(found?.state.instance).toEqual({ ...state.instance, managed: undefined });
  expect(found?.state.providers).toEqual([{ pk: 1, name: 'wiki', client_id: 'id', client_secret: 'hunter2 hunter2' }]);
});

test('a reader of the store learns nothing from it', async () => {
  await kept().write(state);
  const text = JSON.stringify([...rows]);
  for (const secret of ['hunter2', 'wiki', 'auth.example.com', 'never kept', options.token])
    expect(text).not.toContain(secret);
});

test.each<[string, Partial<KeptOptions>]>([
  ['of another token', { token: 'another token of an outpost, long enough' }],
  ['of another authentik', { host: 'https://other.example.com/' }],
  ['sealed with another secret', { secret: ['another secret of thirty-two characters'] }],
  ['where nothing is to be kept', { keepMs: 0 }],
])('one %s is none', async (_, changes) => {
  await kept().write(state);
  expect(await kept(changes).read()).toBeUndefined();
});

test('one that was sealed with a secret that now stands behind another is good', async () => {
  await kept().write(state);
  const rotated = kept({ secret: ['a newer secret of thirty-two characters', ...options.secret] });
  expect((await rotated.read())?.state.instance.name).toBe('edge');
});

test('after seven days it is none', async () => {
  await kept().write(state);
  nowMs += 7 * DAY_MS - 1;
  expect(await kept().read()).toBeDefined();
  nowMs += 1;
  expect(await kept().read()).toBeUndefined();
});

// Attack: whoever writes to the store would choose where users log in, and who is let in.
test('one that was changed by a character is none', async () => {
  await kept().write(state);
  const [[key, sealed] = ['', '']] = rows;
  for (const at of [0, 50, sealed.length - 2]) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    rows.set(key, sealed.slice(0, at) + other + sealed.slice(at + 1));
    expect(await kept().read()).toBeUndefined();
  }
});

test('nothing is written where nothing is to be kept', async () => {
  await kept({ keepMs: 0 }).write(state);
  expect(rows.size).toBe(0);
});
