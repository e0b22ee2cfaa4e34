/** Which changes of a file store make other processes read their cached sessions again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEvents } from '../../../src/observe/events.ts';
import { createGenerations } from '../../../src/stores/file/generations.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import type { Store } from '../../../src/stores/store.ts';
import { createClock, HOUR } from '../../sessions/fixture.ts';
import { whenReady } from './ready.ts';

const clock = createClock();
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatepost-generation-'));
  store = createFileStore(folder, clock.now, createEvents());
  await whenReady(store);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether `work` makes cached sessions be read again. */
async function invalidates(work: () => Promise<unknown>): Promise<boolean> {
  const before = store.generation();
  expect(before).toBeTypeOf('number');
  await work();
  // The generation is read once in a tick.
  await nextTick();
  return store.generation() !== before;
}

test.each([
  's:',
  'u:',
  'g:',
])('rows %s: a new one invalidates nothing, a change and an end do, a longer life does not', async (kind) => {
  const key = `${kind}one`;
  expect(await invalidates(() => store.add(key, 'value', HOUR))).toBe(false);
  expect(await invalidates(() => store.set(key, 'value', 2 * HOUR))).toBe(false);
  expect(await invalidates(() => store.keep(key, 'value', 3 * HOUR))).toBe(false);
  expect(await invalidates(() => store.set(key, 'other', HOUR))).toBe(true);
  expect(await invalidates(() => store.replaceIf(key, 'other', 'third', HOUR))).toBe(true);
  // It has ended, and may still be cached where the clock is another one.
  clock.pass(2 * HOUR);
  expect(await invalidates(() => store.add(key, 'fourth', HOUR))).toBe(true);
  expect(await invalidates(() => store.deleteIf(key, 'fourth'))).toBe(true);
  expect(await invalidates(() => store.delete(key))).toBe(false);
});

test.each(['c:', 'l:', 'j:', 'k:', 'i:'])('rows %s invalidate nothing', async (kind) => {
  const key = `${kind}one`;
  expect(await invalidates(() => store.set(key, 'value', HOUR))).toBe(false);
  expect(await invalidates(() => store.set(key, 'other', HOUR))).toBe(false);
  expect(await invalidates(() => store.delete(key))).toBe(false);
});

test('no generation comes twice, whatever number a database that is opened anew has', () => {
  const generations = createGenerations();
  generations.begin(7);
  const seen = [generations.next(7), generations.next(7), generations.next(9)];
  expect(seen).toEqual([0, 0, 2]);
  // An older state was copied into the file that is open.
  expect(generations.next(8)).toBeUndefined();
  for (const number of [8, 0, 1000]) {
    generations.begin(number);
    const first = generations.next(number)!;
    expect(first).toBeGreaterThan(Math.max(...seen.map(Number)));
    seen.push(first, generations.next(number + 3));
  }
});
