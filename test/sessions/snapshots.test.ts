/** Sessions under one configuration and the next: what the first has begun, the second waits for. */
import { expect, test } from 'vitest';
import { createRefreshes } from '../../src/sessions/refresh_scheduler.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import {
  createClock,
  HOUR,
  MINUTE,
  makeIdentity,
  makeRefreshable,
  openSessions,
  refreshingProvider,
} from './fixture.ts';

test('a refresh under way is joined after a reload, and waited for at the end: its token is spent once', async () => {
  const clock = createClock();
  const store = createMemoryStore(clock.now);
  const refreshes = createRefreshes();
  const asked: string[] = [];
  let respond = () => {};
  const provider = refreshingProvider(async (token) => {
    asked.push(token);
    await new Promise<void>((resolve) => {
      respond = resolve;
    });
    const session = makeRefreshable(clock.now());
    return { kind: 'verified', identity: makeIdentity(session, clock.now(), { refreshToken: 'refresh-2' }) };
  });
  const open = () => openSessions(store, { now: clock.now, provider: () => provider, refreshes });
  const before = open();
  const id = await before.create(makeRefreshable(clock.now(), { expiresAt: clock.now() + 24 * HOUR }));
  clock.pass(11 * MINUTE);
  const first = before.find(id, 'grafana');
  await expect.poll(() => asked.length).toBe(1);
  before.close();
  const after = open();
  const second = after.find(id, 'grafana');
  let isIdle = false;
  const idle = after.idle().then(() => {
    isIdle = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isIdle).toBe(false);
  respond();
  for (const live of [await first, await second]) expect(live?.session.refreshToken).toBe('refresh-2');
  await idle;
  expect(asked).toEqual(['refresh-1']);
  await store.close();
});

test('what was retired caches nothing, and still finds what it is asked for', async () => {
  const store = createMemoryStore(() => performance.now());
  const [before, after] = [openSessions(store), openSessions(store)];
  const id = await before.create(makeRefreshable(Date.now()));
  expect(await before.find(id, 'grafana')).toBeDefined();
  before.close();
  expect(await before.find(id, 'grafana')).toBeDefined();
  await after.end(id);
  expect(await before.find(id, 'grafana')).toBeUndefined();
  await store.close();
});
