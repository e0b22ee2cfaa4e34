/** After a gap in which session ends were not heard: who is asked about, how often, and what the answers do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProviderUnavailable, StoreUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import type { Provider } from '../../src/provider/provider.ts';
import type { Session } from '../../src/sessions/session.ts';
import { createSessionGap, type SessionGap } from '../../src/sessions/session_gap.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { waitUntil } from '../support/wait.ts';
import {
  createClock,
  HOUR,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  makeSession,
  openManaged,
  openSessions,
} from './fixture.ts';

let clock: ReturnType<typeof createClock>;
let store: ReturnType<typeof createMemoryStore>;
let gap: SessionGap;
let asked: string[];
/** What the provider says of a token. */
let answer: (token: string) => Promise<boolean | undefined>;
let events: ReturnType<typeof createEvents>;
let ended: string[];
let sessions: Sessions;

const provider: Partial<Provider> = {
  isActive(token) {
    asked.push(token);
    return answer(token);
  },
};
const open = (changes = {}) =>
  openManaged(store, { now: clock.now, gap, events, provider: () => provider as Provider, ...changes });

function accessToken(claims: object = {}): string {
  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const iat = Math.floor(clock.now() / 1000);
  return `${part({ alg: 'RS256' })}.${part({ iat, exp: iat + 24 * 3600, ...claims })}.x`;
}
const signIn = (changes: Partial<Session> = {}, over = sessions) =>
  over.create(makeSession(clock.now(), { jwt: accessToken(), expiresAt: clock.now() + 20 * HOUR, ...changes }));
const isLive = async (id: string, over = sessions, application = 'grafana') =>
  (await over.find(id, application)) !== undefined;
/** Authentik was away for a minute. */
function beAway(): void {
  clock.pass(MINUTE);
  gap.set(clock.now());
  clock.pass(1000);
}

beforeEach(() => {
  clock = createClock();
  store = createMemoryStore(clock.now);
  gap = createSessionGap();
  asked = [];
  answer = async () => true;
  ended = [];
  events = createEvents();
  events.on('session_ended', ({ application, reason }) => ended.push(`${application} ${reason}`));
  sessions = open();
});
afterEach(() => store.close());

describe('an older session', () => {
  test('is asked about once, at its next use, by its access token', async () => {
    const id = await signIn();
    expect(await isLive(id)).toBe(true);
    expect(asked).toEqual([]);
    beAway();
    expect(asked).toEqual([]);
    for (let use = 0; use < 3; use++) expect(await isLive(id)).toBe(true);
    expect(asked).toEqual([(await sessions.peek(id, 'grafana'))!.jwt]);
    clock.pass(HOUR);
    expect(await isLive(id)).toBe(true);
    expect(asked).toHaveLength(1);
  });

  test('that was checked is found without a promise, as ever', async () => {
    const id = await signIn();
    beAway();
    await isLive(id);
    expect(sessions.find(id, 'grafana')).not.toBeInstanceOf(Promise);
  });

  test('ends where the provider says so, with its tokens, on every replica', async () => {
    const [id, other] = [await signIn(), await signIn({ sid: 'another', jwt: accessToken({ sid: 'another' }) })];
    const replica = open();
    expect(await isLive(id, replica)).toBe(true);
    const { jwt, ...session } = (await sessions.peek(id, 'grafana'))!;
    answer = async (token) => token !== jwt;
    beAway();
    expect(await isLive(id)).toBe(false);
    expect(await isLive(id, replica)).toBe(false);
    expect(await isLive(other)).toBe(true);
    expect(ended).toEqual(['grafana logged_out']);
    expect(await sessions.tokenMarks(jwt, { ...makeIdentity(makeSession(0), 0), ...session, jwt })).toBeUndefined();
  });

  test('is asked about once over all replicas, in whatever order they come', async () => {
    const id = await signIn();
    beAway();
    const replicas = [sessions, open(), open()];
    expect(await Promise.all(replicas.map((over) => isLive(id, over)))).toEqual([true, true, true]);
    expect(await isLive(id, open())).toBe(true);
    expect(asked).toHaveLength(1);
  });

  test('whose answer another replica waits for is let in by neither before it has come', async () => {
    const id = await signIn();
    beAway();
    answer = () => sleep(300, false);
    expect(await Promise.all([isLive(id), isLive(id, open())])).toEqual([false, false]);
    expect(asked).toHaveLength(1);
  });

  test('goes on where the provider cannot say, and is not asked about again', async () => {
    const id = await signIn();
    answer = async () => undefined;
    beAway();
    for (let use = 0; use < 3; use++) {
      expect(await isLive(id)).toBe(true);
      clock.pass(2 * MINUTE);
    }
    expect(asked).toHaveLength(1);
  });

  test('goes on during an outage, and is asked about again a minute later, on whatever replica', async () => {
    const id = await signIn();
    const replica = open();
    answer = async () => {
      throw new ProviderUnavailable();
    };
    beAway();
    for (let use = 0; use < 3; use++) for (const over of [sessions, replica]) expect(await isLive(id, over)).toBe(true);
    expect(asked).toHaveLength(1);
    clock.pass(MINUTE - 1);
    expect(await isLive(id)).toBe(true);
    expect(asked).toHaveLength(1);
    answer = async () => false;
    clock.pass(1);
    expect(await isLive(id, replica)).toBe(false);
    expect(await isLive(id)).toBe(false);
    expect(asked).toHaveLength(2);
  });

  test('is asked about once for each gap, and once a minute at most', async () => {
    const id = await signIn();
    beAway();
    await isLive(id);
    for (let second = 0; second < 50; second++) {
      clock.pass(1000);
      gap.set(clock.now());
      expect(await isLive(id, second % 2 ? sessions : open())).toBe(true);
    }
    expect(asked).toHaveLength(1);
    clock.pass(10_000);
    await isLive(id);
    expect(asked).toHaveLength(2);
    clock.pass(HOUR);
    await isLive(id);
    expect(asked).toHaveLength(2);
  });

  test('is asked about by another process where the one that asked has gone', async () => {
    const id = await signIn();
    answer = () => new Promise(() => undefined);
    beAway();
    void sessions.find(id, 'grafana');
    await waitUntil(() => asked.length > 0);
    answer = async () => false;
    clock.pass(MINUTE);
    expect(await isLive(id, open())).toBe(false);
  });
});

describe('a session that is not asked about', () => {
  test.each([
    ['of an application that the operator has added', { application: 'added' }],
    ['of an app password, which is no session at authentik', { authMethod: 'basic', sid: undefined }],
    ['whose access token is not known', { jwt: 'the.id.token' }],
    ['without a token', { jwt: '' }],
    ['whose token is none that says anything', { jwt: 'opaque' }],
  ] as [string, Partial<Session>][])('%s', async (_, changes) => {
    const id = await signIn(changes);
    answer = async () => false;
    beAway();
    expect(await isLive(id, sessions, changes.application)).toBe(true);
    expect(sessions.find(id, changes.application ?? 'grafana')).not.toBeInstanceOf(Promise);
    expect(asked).toEqual([]);
  });

  test('that is younger than the gap', async () => {
    beAway();
    const id = await signIn();
    answer = async () => false;
    expect(await isLive(id)).toBe(true);
    expect(asked).toEqual([]);
  });

  test('whose tokens were refreshed since', async () => {
    const id = await signIn();
    beAway();
    clock.pass(HOUR);
    expect(await sessions.renew(id, makeSession(clock.now(), { jwt: accessToken() }))).toBe('renewed');
    answer = async () => false;
    expect(await isLive(id)).toBe(true);
    expect(asked).toEqual([]);
  });

  // An expired token is not active either: that would be an end of each session which outlives its tokens.
  test.each([0, 59])('whose access token has expired, or does in %i seconds', async (seconds) => {
    const id = await signIn({
      outlivesTokens: true,
      jwt: accessToken({ exp: Math.floor(clock.now() / 1000) + 61 + seconds }),
    });
    beAway();
    answer = async () => false;
    expect(await isLive(id)).toBe(true);
    expect(asked).toEqual([]);
  });

  test('without a gap, or without authentik', async () => {
    const plain = openSessions(store, { now: clock.now, gap, provider: () => provider as Provider });
    const ids = [await signIn(), await signIn({}, plain)];
    expect(await isLive(ids[0]!)).toBe(true);
    beAway();
    expect(await isLive(ids[1]!, plain)).toBe(true);
    expect(asked).toEqual([]);
  });
});

describe('a slow answer', () => {
  let say: (isActive: boolean) => void;
  beforeEach(() => {
    answer = () =>
      new Promise((resolve) => {
        say = resolve;
      });
  });
  const isAsked = () => waitUntil(() => asked.length > 0);

  test('is waited for for two seconds; the session ends when it comes', async () => {
    const id = await signIn();
    beAway();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let first: boolean | undefined;
      const waiting = isLive(id).then((live) => {
        first = live;
      });
      await vi.advanceTimersByTimeAsync(1900);
      expect(first).toBeUndefined();
      await vi.advanceTimersByTimeAsync(200);
      await waiting;
      expect(first).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    // Later requests do not wait again for the same question.
    expect(sessions.find(id, 'grafana')).not.toBeInstanceOf(Promise);
    say(false);
    await waitUntil(async () => !(await isLive(id)));
    expect(asked).toHaveLength(1);
  });

  test('ends no session that was refreshed meanwhile: its token is another one', async () => {
    const id = await signIn();
    beAway();
    const finding = isLive(id);
    await isAsked();
    await open().renew(id, makeSession(clock.now(), { jwt: accessToken({ next: true }) }));
    say(false);
    expect(await finding).toBe(true);
    expect(await isLive(id)).toBe(true);
    expect(ended).toEqual([]);
  });

  test('that a store does not take at once is carried out when it does', async () => {
    const id = await signIn();
    let refused = 0;
    const failing: Store = {
      ...store,
      delete: (key) => (refused++ === 0 ? Promise.reject(new StoreUnavailable()) : store.delete(key)),
    };
    const over = openManaged(failing, { now: clock.now, gap, provider: () => provider as Provider });
    answer = async () => false;
    beAway();
    expect(await isLive(id, over)).toBe(false);
    expect(await isLive(id)).toBe(false);
    expect(refused).toBeGreaterThan(1);
  });

  test('to many sessions: fifty questions at once, and the rest in its turn', async () => {
    const ids = await Promise.all(Array.from({ length: 120 }, (_, at) => signIn({ jwt: accessToken({ at }) })));
    beAway();
    const open: (() => void)[] = [];
    answer = () => new Promise((resolve) => open.push(() => resolve(true)));
    const finding = Promise.all(ids.map((id) => isLive(id)));
    for (const expected of [50, 100, 120]) {
      await waitUntil(() => asked.length >= expected);
      await new Promise(setImmediate);
      expect(asked).toHaveLength(expected);
      for (const end of open.splice(0)) end();
    }
    expect((await finding).every(Boolean)).toBe(true);
  });
});

test('a store that takes no questions lets the session through, and is asked again later', async () => {
  const id = await signIn();
  const refusing: Store = { ...store, add: () => Promise.reject(new StoreUnavailable()) };
  const over = openManaged(refusing, { now: clock.now, gap, provider: () => provider as Provider });
  beAway();
  expect(await isLive(id, over)).toBe(true);
  expect(asked).toEqual([]);
  refusing.add = store.add;
  clock.pass(MINUTE);
  answer = async () => false;
  expect(await isLive(id, over)).toBe(false);
});

test('a session with a refresh token is asked about and goes on to be refreshed', async () => {
  const id = await sessions.create(
    makeRefreshable(clock.now(), { jwt: accessToken(), tokenExpiresAt: clock.now() + 10 * HOUR }),
  );
  beAway();
  expect(await isLive(id)).toBe(true);
  expect(asked).toHaveLength(1);
});
