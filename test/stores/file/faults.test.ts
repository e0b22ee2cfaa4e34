/** What happens to sessions in a folder when processes are killed and disks are full or read-only, with real ones. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/errors.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { createDatabase } from '../../../src/stores/file/database.ts';
import { removeExpired } from '../../../src/stores/file/expiry.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import type { Store } from '../../../src/stores/store.ts';
import { createClock, HOUR, makeSession, openSessions } from '../../sessions/fixture.ts';
import { waitUntil } from '../../support/wait.ts';
import { ready } from '../store.conformance.ts';
import { whenReady } from './ready.ts';

const WRITER = new URL('./writer.ts', import.meta.url).pathname;
const FULL_DISK = new URL('./full_disk.ts', import.meta.url).pathname;
const run = promisify(execFile);
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-file-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(folder: string, now: () => number = Date.now) {
  const store = createFileStore(folder, now, createEvents());
  closing.push(() => store.close());
  return { store, sessions: openSessions(store, { now }) };
}

async function open(folder: string, now: () => number = Date.now) {
  const started = start(folder, now);
  await whenReady(started.store);
  return started;
}

test('a folder that cannot be made is reported at the start, with what to do', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'file'), '');
  const events = createEvents();
  const told = once(events, 'log');
  const store = createFileStore(join(folder, 'file', 'sessions'), Date.now, events);
  closing.push(() => store.close());
  const [event] = await told;
  expect(event).toMatchObject({ level: 'error', event: 'store.unavailable', error: { code: 'ENOTDIR' } });
  expect(event.message).toContain('this user must be able to make that folder and write in it');
});

/** Another process on the same folder. */
function startWriter(folder: string, task: string, argument = '') {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, folder, task, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  closing.push(() => child.kill('SIGKILL'));
  return { child, exited, lines: () => output.split('\n').slice(0, -1) };
}

async function expectUnavailable(store: Store): Promise<void> {
  const calls = [
    store.set('s:x', 'x'.repeat(5000), HOUR),
    store.add('l:x', 'x', HOUR),
    store.reserve('c:x', 'x', 10, HOUR),
    store.cancel('c:x', 'x'),
    store.ping(),
  ];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
  }
}

test('kill -9 in the middle of logins: every session that was answered is there, and logins go on', async () => {
  const folder = newFolder();
  const ids: string[] = [];
  for (let times = 0; times < 3; times++) {
    const { child, exited, lines } = startWriter(folder, 'log-in');
    await waitUntil(() => lines().length > 100, 20_000);
    child.kill('SIGKILL');
    await exited;
    ids.push(...lines().filter((line) => line.length === 43));
  }
  const { store, sessions } = await open(folder);
  expect(await ready(store)).toBe(true);
  expect(ids.length).toBeGreaterThan(300);
  for (const id of ids) expect(sessions.find(id, 'grafana')).toBeDefined();
  const id = await sessions.create(makeSession(Date.now()));
  expect(sessions.find(id, 'grafana')).toBeDefined();
});

test('a process dies while others write: they are not held up', async () => {
  const folder = newFolder();
  const { store, sessions } = await open(folder);
  const writer = startWriter(folder, 'log-in');
  await waitUntil(() => writer.lines().length > 50, 20_000);
  const writes = Array.from({ length: 50 }, () => sessions.create(makeSession(Date.now())));
  writer.child.kill('SIGKILL');
  for (const id of await Promise.all(writes)) expect(sessions.find(id, 'grafana')).toBeDefined();
  await writer.exited;
  expect(await ready(store)).toBe(true);
});

test('a logout in another process is seen by the next request', async () => {
  const folder = newFolder();
  const { sessions } = await open(folder);
  const one = await sessions.create(makeSession(Date.now()));
  const two = await sessions.create(makeSession(Date.now(), { sub: 'bob-sub' }));
  expect([sessions.find(one, 'grafana'), sessions.find(two, 'grafana')]).not.toContain(undefined);
  const end = startWriter(folder, 'end', one);
  const endUser = startWriter(folder, 'end-user', 'bob-sub');
  await waitUntil(() => [end, endUser].every(({ lines }) => lines().includes('done')), 20_000);
  expect([sessions.find(one, 'grafana'), sessions.find(two, 'grafana')]).toEqual([undefined, undefined]);
});

test('several processes count together and let the database grow together', async () => {
  const folder = newFolder();
  const { store } = await open(folder);
  expect(await ready(store)).toBe(true);
  const writers = ['count', 'count', 'grow', 'grow'].map((task) => startWriter(folder, task));
  for (let at = 0; at < 60; at++) await store.set(`s:mine-${at}`, 'y'.repeat(20_000), HOUR);
  expect(await Promise.all(writers.map((writer) => writer.exited))).toEqual([0, 0, 0, 0]);
  expect(await store.reserve('c:shared', 'mine', 1000, HOUR)).toMatchObject({ count: 101 });
  expect(await store.get('s:mine-59')).toHaveLength(20_000);
});

/** A file system of `size` that is full when it is full. Only root can mount one; elsewhere the test says that it did not run. */
function mountSmall(size: string): string | undefined {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    if (process.env.CI === 'true') throw new Error('this test must be able to mount a tmpfs on CI');
    console.warn('\n!!! NOT TESTED: a full disk (only root can mount a small one) !!!\n');
    return undefined;
  }
  closing.push(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

test('a full disk: no new session is made, no user is logged out, and it recovers by itself', async ({ skip }) => {
  const disk = mountSmall('3m');
  if (disk === undefined) return skip();
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', FULL_DISK, disk]);
  const { writes, ...seen } = JSON.parse(stdout) as { writes: { outcome: string; isThere: boolean }[] };
  expect(seen).toEqual({
    filled: 'ENOSPC',
    pingWhenFull: 'unavailable',
    foundWhenFull: true,
    pingAfterwards: 'done',
    newFound: true,
    foundAfterwards: true,
  });
  // LMDB has some free pages left; a write either is there or says that it is not.
  for (const { outcome, isThere } of writes) expect(outcome).toBe(isThere ? 'done' : 'unavailable');
  expect(writes.filter(({ outcome }) => outcome === 'unavailable').length).toBeGreaterThan(50);
  expect(stderr).toContain('No space left on device');
});

test('a read-only disk: unavailable and not empty, until it can be written again', async ({ skip }) => {
  const folder = mountSmall('8m');
  if (folder === undefined) return skip();
  const before = await open(folder);
  const id = await before.sessions.create(makeSession(Date.now()));
  await before.store.close();
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  const { store, sessions } = start(folder);
  await expectUnavailable(store);
  await expect(async () => sessions.find(id, 'grafana')).rejects.toThrow(StoreUnavailable);
  execFileSync('mount', ['-o', 'remount,rw', folder]);
  await waitUntil(() => ready(store), 3000);
  expect(sessions.find(id, 'grafana')).toBeDefined();
});

test('a folder that cannot be made or used: unavailable, until it can', async () => {
  const parent = newFolder();
  const folder = join(parent, 'store');
  // A file where the folder should be stops root too, whom permissions do not.
  writeFileSync(folder, '');
  const { store, sessions } = start(folder);
  await expectUnavailable(store);
  expect(store.generation()).toBeUndefined();
  await expect(async () => sessions.find('A'.repeat(43), 'grafana')).rejects.toThrow(StoreUnavailable);
  rmSync(folder);
  mkdirSync(folder);
  await waitUntil(() => ready(store), 3000);
  expect(sessions.find(await sessions.create(makeSession(Date.now())), 'grafana')).toBeDefined();
});

/** As the process that removes what has expired; `sweep` says how many it removed. */
function openSweeper(folder: string, now: () => number) {
  const ignore = () => undefined;
  const restore = async () => undefined;
  const database = createDatabase(folder, now, {
    restore,
    opened: ignore,
    failed: ignore,
    lost: ignore,
    hanging: ignore,
  });
  closing.push(() => database.close());
  return {
    sweep: () => removeExpired(database),
    rows: database.read,
    ready: () =>
      waitUntil(() =>
        database.ready().then(
          () => true,
          () => false,
        ),
      ),
  };
}

test('expired records are removed after an hour, live ones are not, and one process does it', async () => {
  const folder = newFolder();
  const clock = createClock();
  const { store } = await open(folder, clock.now);
  await Promise.all(Array.from({ length: 1200 }, (_, at) => store.set(`s:${at}`, 'short', at % 2 ? HOUR : 100 * HOUR)));
  await store.set('zz:last', 'short', HOUR);
  const { sweep, rows, ready } = openSweeper(folder, clock.now);
  await ready();
  // Not yet: a clock that was put forward may be put back.
  clock.pass(1.9 * HOUR);
  expect(await sweep()).toBe(0);
  expect(rows(['s:1'])).not.toContain(undefined);
  clock.pass(0.2 * HOUR);
  const sweeps = await Promise.all([sweep(), sweep(), sweep()]);
  expect(sweeps.toSorted((a, b) => a - b)).toEqual([0, 0, 601]);
  expect(rows(['s:1', 's:1199', 'zz:last'])).toEqual([undefined, undefined, undefined]);
  expect(await store.get('s:2')).toBe('short');
});

test('Attack: counters and locks, which any client makes, do not stay after their end', async () => {
  const folder = newFolder();
  const clock = createClock();
  const { store } = await open(folder, clock.now);
  await Promise.all([store.reserve('c:guess', 'one', 10, HOUR), store.add('l:lock', 'one', HOUR)]);
  await store.set('u:user', 'one', HOUR);
  const { sweep, ready } = openSweeper(folder, clock.now);
  await ready();
  clock.pass(1.1 * HOUR);
  expect(await sweep()).toBe(2);
});

test('a clock that was put forward and back loses no session, and does not stop the removal', async () => {
  const folder = newFolder();
  const clock = createClock();
  const { store } = await open(folder, clock.now);
  await Promise.all([store.set('s:long', 'kept', 10 * HOUR), store.set('s:short', 'gone', HOUR)]);
  const { sweep, ready } = openSweeper(folder, clock.now);
  await ready();
  clock.pass(10.5 * HOUR);
  expect(await sweep()).toBe(1);
  expect(await store.get('s:long')).toBeUndefined();
  clock.pass(-10 * HOUR);
  expect(await store.get('s:long')).toBe('kept');
  await store.set('s:later', 'gone', 1);
  clock.pass(1.1 * HOUR);
  // The lease is of a time that has not come yet.
  expect(await sweep()).toBe(1);
  expect(await store.get('s:long')).toBe('kept');
});
