/** What happens to the file store when another process is stopped in the midst of a write, the folder is replaced, or the thread that writes ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../../src/errors.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import type { Store } from '../../../src/stores/store.ts';
import { HOUR } from '../../sessions/fixture.ts';
import { waitUntil, within } from '../../support/wait.ts';
import { ready } from '../store.conformance.ts';
import { whenReady } from './ready.ts';

const LEAVER = new URL('./writer.ts', import.meta.url).pathname;
const HOLDER = new URL('./lock_holder.ts', import.meta.url).pathname;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-stopped-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(folder: string) {
  const events = createEvents();
  const log: string[] = [];
  events.on('log', ({ level, event }) => log.push(`${level} ${event}`));
  const store = createFileStore(folder, Date.now, events);
  closing.push(() => store.close());
  await whenReady(store);
  return { store, log };
}

/** A process that is ended by `process.exit` once it is told to write, and the write has come to nothing. */
async function startLeaver(folder: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', LEAVER, folder, 'leave'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  closing.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  await waitUntil(() => output.includes('open'), 20_000);
  return { leave: () => child.stdin.write('now'), exited };
}

/** Another process that has the lock of all writers, as one that was stopped in the midst of a write has. */
async function holdLock(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  closing.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  await waitUntil(() => output.includes('held'), 20_000);
  return child;
}

const unavailable = { status: 'rejected', reason: expect.any(StoreUnavailable) };

test('a process that is stopped in the midst of a write stops nobody: reads go on, writes are refused in time', async () => {
  const folder = newFolder();
  const { store, log } = await open(folder);
  await store.set('s:one', 'value', HOUR);
  const holder = await holdLock(folder);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  closing.push(() => clearInterval(ticking));
  const first = Promise.allSettled([store.set('s:first', 'late', HOUR), store.add('l:first', 'late', HOUR)]);
  await sleep(300);
  const queued = Promise.allSettled([store.set('s:queued', 'late', HOUR)]);
  expect(await within(3000, first)).toEqual([unavailable, unavailable]);
  expect(await within(100, queued)).toEqual([unavailable]);
  // The thread that answers went on all the time.
  expect(ticks).toBeGreaterThan(20);
  expect(await store.get('s:one')).toBe('value');
  expect(store.peek?.(['s:one'])).toEqual(['value']);
  expect(store.generation()).toBeTypeOf('number');
  // Nothing waits any more, so nothing piles up.
  for (let times = 0; times < 100; times++) await expect(within(50, ready(store))).resolves.toBe(false);
  expect(log).toEqual(['error store.unavailable']);
  holder.stdin!.end();
  await waitUntil(() => ready(store));
  await store.set('s:two', 'value', HOUR);
  expect(log).toEqual(['error store.unavailable', 'info store.available']);
  // What was refused has not been done later.
  expect(await store.getMany(['s:first', 'l:first', 's:queued', 's:two'])).toEqual([
    undefined,
    undefined,
    undefined,
    'value',
  ]);
});

test('a process that is killed in the midst of a write frees the others', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  const holder = await holdLock(folder);
  await expect(within(3000, store.set('s:one', 'value', HOUR))).rejects.toThrow(StoreUnavailable);
  holder.kill('SIGKILL');
  await waitUntil(() => ready(store));
  await store.set('s:one', 'value', HOUR);
  expect(await store.get('s:one')).toBe('value');
});

test('a process that starts while another one is stopped in the midst of a write waits for nothing, and comes up by itself', async () => {
  const folder = newFolder();
  const before = await open(folder);
  await before.store.set('s:one', 'value', HOUR);
  const holder = await holdLock(folder);
  const store = createFileStore(folder, Date.now, createEvents());
  closing.push(() => store.close());
  await expect(within(3000, store.get('s:one'))).rejects.toThrow(StoreUnavailable);
  holder.stdin!.end();
  await whenReady(store);
  expect(await store.get('s:one')).toBe('value');
});

test('an end while a write hangs comes soon', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  const holder = await holdLock(folder);
  await expect(store.set('s:one', 'value', HOUR)).rejects.toThrow(StoreUnavailable);
  await within(300, store.close());
  await expect(store.get('s:one')).rejects.toThrow(StoreUnavailable);
  holder.stdin!.end();
  // The thread that had waited has left the lock to others.
  const again = await open(folder);
  await again.store.set('s:one', 'value', HOUR);
});

// Attack: who stops one process and ends another one would lock all of them out for good.
test('a process that ends while its write hangs ends soon, and leaves the lock to others', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  const leaver = await startLeaver(folder);
  const holder = await holdLock(folder);
  leaver.leave();
  await within(20_000, leaver.exited);
  holder.stdin!.end();
  await waitUntil(() => ready(store));
  await store.set('s:one', 'value', HOUR);
});

test('an end after writes that nobody has waited for loses none of them', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  const writes = Array.from({ length: 50 }, (_, at) => store.set(`s:${at}`, 'value', HOUR));
  await store.close();
  await Promise.all(writes);
  const again = await open(folder);
  expect(await again.store.get('s:49')).toBe('value');
});

test('a thread that ends is made anew', async () => {
  let worker: Worker | undefined;
  const post = Worker.prototype.postMessage;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
    worker = this;
    post.apply(this, message);
  });
  const folder = newFolder();
  const { store, log } = await open(folder);
  await store.set('s:one', 'value', HOUR);
  const writes = Promise.allSettled([store.set('s:two', 'value', HOUR)]);
  await worker!.terminate();
  const [two] = await within(3000, writes);
  await waitUntil(() => ready(store));
  expect(await store.get('s:one')).toBe('value');
  // It was done or not, and says which.
  if (two!.status === 'fulfilled') expect(await store.get('s:two')).toBe('value');
  await store.set('s:three', 'value', HOUR);
  expect(log).toEqual(['error store.unavailable', 'info store.available']);
});

/** How a folder is replaced under running processes. */
const replacements: [string, (folder: string) => void][] = [
  [
    'emptied',
    (folder) => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    },
  ],
  ['removed', (folder) => rmSync(folder, { recursive: true })],
  [
    'replaced by a backup',
    (folder) => {
      renameSync(folder, `${folder}-old`);
      closing.push(() => rmSync(`${folder}-old`, { recursive: true, force: true }));
      cpSync(`${folder}-backup`, folder, { recursive: true });
    },
  ],
  [
    'given another database beside the old lock file',
    (folder) => renameSync(join(`${folder}-backup`, 'sessions.mdb'), join(folder, 'sessions.mdb')),
  ],
  ['robbed of its lock file', (folder) => rmSync(join(folder, 'sessions.mdb-lock'))],
];

/** A write that both sides see: they use one database. */
async function agree(one: Store, two: Store): Promise<boolean> {
  const value = String(performance.now());
  try {
    await one.set('s:agreed', value, HOUR);
    return (await two.get('s:agreed')) === value;
  } catch {
    return false;
  }
}

test.each(replacements)('a folder that is %s: all processes come together on what is there', async (_, replace) => {
  const folder = newFolder();
  const before = await open(folder);
  await before.store.set('s:backup', 'value', HOUR);
  await before.store.close();
  cpSync(folder, `${folder}-backup`, { recursive: true });
  closing.push(() => rmSync(`${folder}-backup`, { recursive: true, force: true }));

  const sides = [await open(folder), await open(folder)];
  const [one, two] = sides.map(({ store }) => store) as [Store, Store];
  const restored: string[] = [];
  const heard: (string | undefined)[] = [];
  one.onInvalidate((key) => heard.push(key));
  one.onReopen(async (access) => {
    // Before anybody else reads.
    expect(one.generation()).toBeUndefined();
    await access.add('u:signed-out', 'mark', HOUR);
    restored.push('one');
  });
  two.onReopen(async () => {
    restored.push('two');
  });
  await one.set('u:signed-out', 'mark', HOUR);
  const generation = one.generation()!;
  heard.length = 0;
  replace(folder);
  // From then on there is never a read of what has gone, beside one of what is there.
  await waitUntil(() => one.generation() === undefined && two.generation() === undefined, 5000);
  await expect(one.get('s:backup')).rejects.toThrow(StoreUnavailable);
  // Attack: a backup has a session that a sign-out has ended; the other process is about to write that sign-out again.
  await waitUntil(async () => (await ready(one)) || (await ready(two)), 8000);
  expect(restored.toSorted()).toEqual(['one', 'two']);
  await waitUntil(async () => (await ready(one)) && (await ready(two)), 8000);
  expect(await agree(one, two)).toBe(true);
  expect(await agree(two, one)).toBe(true);
  expect(one.generation()).toBeGreaterThan(generation);
  expect(heard).toContain(undefined);
  expect(await two.get('u:signed-out')).toBe('mark');
  for (const { log } of sides) expect(log).toEqual(['warn store.replaced']);
});

test('a folder that cannot be used any more: unavailable, until it can', async () => {
  const folder = newFolder();
  const { store, log } = await open(folder);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  await waitUntil(() => log.includes('error store.unavailable'));
  await expect(store.get('s:one')).rejects.toThrow(StoreUnavailable);
  expect(await ready(store)).toBe(false);
  rmSync(folder);
  await waitUntil(() => ready(store));
  expect(log).toEqual(['warn store.replaced', 'error store.unavailable', 'info store.available']);
});

// Attack: what a sign-out has ended is in the backup; while the sign-out cannot be written again, nothing is read.
test('a restore that fails leaves the store unavailable, and is tried again', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  let tries = 0;
  store.onReopen(async () => {
    if (++tries < 3) throw new StoreUnavailable();
  });
  rmSync(join(folder, 'sessions.mdb'));
  await waitUntil(() => tries === 1);
  await expect(store.get('s:one')).rejects.toThrow(StoreUnavailable);
  await waitUntil(() => ready(store));
  expect(tries).toBe(3);
});
