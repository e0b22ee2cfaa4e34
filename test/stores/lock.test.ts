/** Locks whose holder dies, is held up or cut off, and those that the store may or may not have taken. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { isLock, type Lock, tryLock, waitForLock } from '../../src/stores/lock.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';

const KEY = 'l:one';
/** The wall clock; the timers of vitest move the monotonic one. */
let wall = 0;
let shared: Store;

/** The store as one process reaches it. */
function reach() {
  const state = { cut: false, silent: false };
  const guard =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>, changes: boolean) =>
    async (...args: A): Promise<T> => {
      if (state.cut) throw new StoreUnavailable('cut off');
      const result = await call(...args);
      // What was sent has been done, and the response is missing.
      if (state.silent && changes) throw new StoreUnavailable('no response');
      return result;
    };
  const store: Store = {
    ...shared,
    get: guard(shared.get, false),
    add: guard(shared.add, true),
    replaceIf: guard(shared.replaceIf, true),
    deleteIf: guard(shared.deleteIf, true),
  };
  return Object.assign(state, { store });
}

beforeEach(() => {
  vi.useFakeTimers();
  wall = 1_800_000_000_000;
  shared = createMemoryStore(() => wall);
});
afterEach(async () => {
  await shared.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** Tries each second, as long as `seconds`; after how many it had the lock. */
async function secondsUntilTaken(store: Store, seconds: number): Promise<{ after: number; lock: Lock } | undefined> {
  for (let after = 0; after <= seconds; after++) {
    const lock = await tryLock(store, KEY);
    if (lock !== undefined) return { after, lock };
    await pass(1000);
  }
  return undefined;
}

test('a holder that lives keeps its lock for as long as its work takes', async () => {
  const lock = await tryLock(reach().store, KEY);
  expect(lock?.takenOver).toBe(false);
  expect(await secondsUntilTaken(reach().store, 120)).toBeUndefined();
  await lock!.release();
  expect(await tryLock(reach().store, KEY)).toMatchObject({ takenOver: false });
});

test('a holder that is killed is replaced within nine seconds', async () => {
  const dying = reach();
  await tryLock(dying.store, KEY);
  dying.cut = true;
  const taken = await secondsUntilTaken(reach().store, 20);
  expect(taken!.after).toBeLessThanOrEqual(9);
  expect(taken!.lock.takenOver).toBe(true);
});

test('one that is held up for seven seconds, and goes on, is not', async () => {
  const slow = reach();
  const lock = await tryLock(slow.store, KEY);
  const other = reach().store;
  for (let times = 0; times < 3; times++) {
    slow.cut = true;
    expect(await secondsUntilTaken(other, 6)).toBeUndefined();
    slow.cut = false;
    expect(await secondsUntilTaken(other, 2)).toBeUndefined();
  }
  await lock!.release();
  expect(await shared.get(KEY)).toBeUndefined();
});

// Attack: a clock that is put back would keep everybody out for as long as it jumped; one that is put forward would let a
// second one in beside the holder.
test.each([-3_600_000, 60_000])('a clock that jumps by %i ms changes nothing', async (jump) => {
  const first = reach();
  await tryLock(first.store, KEY);
  wall += jump;
  expect(await secondsUntilTaken(reach().store, 20)).toBeUndefined();
  first.cut = true;
  expect((await secondsUntilTaken(reach().store, 20))!.after).toBeLessThanOrEqual(9);
});

test('a holder that was replaced frees nothing that is not its own, and leaves nothing behind', async () => {
  const frozen = reach();
  const old = await tryLock(frozen.store, KEY);
  frozen.cut = true;
  const { lock } = (await secondsUntilTaken(reach().store, 20))!;
  frozen.cut = false;
  await pass(3000);
  const value = await shared.get(KEY);
  await old!.releaseTo('failed', 60_000);
  await old!.release();
  expect(await shared.get(KEY)).toBe(value);
  await lock.release();
  expect(await shared.get(KEY)).toBeUndefined();
  await pass(5000);
  expect(await shared.get(KEY)).toBeUndefined();
});

test('of many that see a dead holder, one takes over', async () => {
  const dying = reach();
  await tryLock(dying.store, KEY);
  dying.cut = true;
  const others = Array.from({ length: 10 }, () => reach().store);
  await Promise.all(others.map((store) => tryLock(store, KEY)));
  await pass(9000);
  const locks = await Promise.all(others.map((store) => tryLock(store, KEY)));
  expect(locks.filter(Boolean)).toHaveLength(1);
});

test('a lock whose response was missing is taken back as soon as the store responds', async () => {
  const slow = reach();
  slow.silent = true;
  await expect(tryLock(slow.store, KEY)).rejects.toThrow(StoreUnavailable);
  expect(isLock((await shared.get(KEY))!)).toBe(true);
  slow.cut = true;
  await pass(5000);
  Object.assign(slow, { cut: false, silent: false });
  // Whoever asks here first need not wait for the next attempt.
  const lock = await tryLock(slow.store, KEY);
  expect(lock).toBeDefined();
  await lock!.release();

  slow.silent = true;
  await expect(tryLock(slow.store, KEY)).rejects.toThrow(StoreUnavailable);
  slow.silent = false;
  await pass(250);
  expect(await shared.get(KEY)).toBeUndefined();
});

test('so is one that could not be freed, and one whose last beat had no response', async () => {
  for (const fault of ['cut', 'silent'] as const) {
    const slow = reach();
    const lock = await tryLock(slow.store, KEY);
    await pass(1500);
    slow[fault] = true;
    await pass(1000);
    await lock!.release();
    slow[fault] = false;
    await pass(250);
    expect(await shared.get(KEY)).toBeUndefined();
  }
});

test('a beat whose response was missing does not lose the lock', async () => {
  const slow = reach();
  const lock = await tryLock(slow.store, KEY);
  for (let times = 0; times < 5; times++) {
    slow.silent = true;
    await pass(1000);
    slow.silent = false;
    await pass(1000);
  }
  expect(await secondsUntilTaken(reach().store, 15)).toBeUndefined();
  await lock!.release();
  expect(await shared.get(KEY)).toBeUndefined();
});

test('a store that has lost the lock gets it again from its holder', async () => {
  const lock = await tryLock(reach().store, KEY);
  await shared.delete(KEY);
  await pass(1100);
  expect(await tryLock(reach().store, KEY)).toBeUndefined();
  await lock!.release();
  expect(await shared.get(KEY)).toBeUndefined();
});

test('what a holder leaves in its place counts for its time, and no longer where the clock was put back', async () => {
  const lock = await tryLock(reach().store, KEY);
  await lock!.releaseTo('failed', 10_000);
  const other = reach().store;
  expect(await tryLock(other, KEY, { otherMs: 10_000 })).toBeUndefined();
  wall -= 3_600_000;
  await pass(9_900);
  expect(await tryLock(other, KEY, { otherMs: 10_000 })).toBeUndefined();
  await pass(200);
  expect(await tryLock(other, KEY, { otherMs: 10_000 })).toMatchObject({ takenOver: false });
});

test('a wait ends with the lock, or with its time', async () => {
  vi.useRealTimers();
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const lock = await tryLock(reach().store, KEY);
  const waiting = waitForLock(reach().store, KEY, { pollMs: 50, timeoutMs: 500 });
  await pass(600);
  expect(await waiting).toBeUndefined();
  const next = waitForLock(reach().store, KEY, { pollMs: 50, timeoutMs: 500 });
  await pass(100);
  await lock!.release();
  await pass(100);
  expect(await next).toBeDefined();
});

test('Attack: a flood of locks that a slow store may have taken is bounded', async () => {
  const slow = reach();
  slow.silent = true;
  for (let at = 0; at < 3000; at++) await tryLock(slow.store, `l:${at}`).catch(() => undefined);
  let tries = 0;
  slow.silent = false;
  slow.store.deleteIf = async (key, value) => {
    tries++;
    return shared.deleteIf(key, value);
  };
  await pass(1000);
  expect(tries).toBe(1000);
});
