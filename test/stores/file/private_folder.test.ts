/** The folder of the file store and its files belong to the user that runs Gatepost, however they were left. */
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/errors.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { openLmdb } from '../../../src/stores/file/lmdb.ts';
import { keepPrivate } from '../../../src/stores/file/private_folder.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import { HOUR } from '../../sessions/fixture.ts';
import { whenReady } from './ready.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function newFolder(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-private-'));
  chmodSync(folder, mode);
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store with everything that it logs. */
function open(folder: string) {
  const events = createEvents();
  const log: { level: string; event: string; message: string }[] = [];
  events.on('log', (event) => log.push({ level: event.level, event: event.event, message: event.message }));
  const store = createFileStore(folder, Date.now, events);
  closing.push(() => store.close());
  async function write() {
    await whenReady(store, () => log.some(({ level }) => level === 'error'));
    await store.set('s:one', 'value', HOUR);
  }
  return { store, log, write };
}

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const modes = (folder: string) => readdirSync(folder).map((name) => `${name} ${modeOf(join(folder, name))}`);
const CLOSED = ['sessions.mdb 600', 'sessions.mdb-lock 600'];

test.each([
  0o755, 0o777, 0o2775,
])(// Attack: another user of the machine reads the database in a folder that somebody else has made.
'a folder that was there with mode %o is closed, and so are the files in it, without a word', async (mode) => {
  const folder = newFolder(mode);
  const { write, log } = open(folder);
  await write();
  expect(modes(folder)).toEqual(CLOSED);
  expect(modeOf(folder)).toMatch(/^2?700$/);
  expect(log).toEqual([]);
});

test('a folder that is made, and the folders above it that are, are closed too', async () => {
  const parent = newFolder(0o755);
  const folder = join(parent, 'a', 'b');
  await open(folder).write();
  expect([modeOf(join(parent, 'a')), modeOf(folder), ...modes(folder)]).toEqual(['700', '700', ...CLOSED]);
});

test('files that an older version or a copy left open are closed when they are opened, with what is in them', async () => {
  const folder = newFolder(0o755);
  const before = open(folder);
  await before.write();
  await before.store.close();
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o664);
  const { store, log } = open(folder);
  await whenReady(store);
  expect(await store.get('s:one')).toBe('value');
  expect([...modes(folder), modeOf(folder)]).toEqual([...CLOSED, '700']);
  expect(log).toEqual([]);
});

test('the database makes its files closed by itself: there is no moment at which others can open them', async () => {
  const folder = newFolder(0o755);
  const database = openLmdb(folder);
  closing.push(() => database.close());
  expect(modes(folder)).toEqual(CLOSED);
});

test('a folder with other things in it keeps its mode: the log says so, and the files are closed', async () => {
  const folder = newFolder(0o1777);
  writeFileSync(join(folder, 'of-another-program'), '');
  const { write, log } = open(folder);
  await write();
  expect(modeOf(folder)).toBe('1777');
  expect(modes(folder)).toEqual(expect.arrayContaining(CLOSED));
  expect(log).toEqual([{ level: 'warn', event: 'store.open_to_others', message: expect.stringContaining('01777') }]);
  expect(log[0]!.message).toContain('give Gatepost a folder of its own with mode 0700');
});

test.each([
  'sessions.mdb',
  'sessions.mdb-lock',
])(// Attack: a link in the folder leads the database to a file that Gatepost may write and the attacker may not.
'a link in the place of %s is refused, and what it leads to is neither made nor changed', async (name) => {
  const folder = newFolder(0o700);
  const elsewhere = newFolder(0o755);
  const [missing, precious] = [join(elsewhere, 'missing'), join(elsewhere, 'precious')];
  writeFileSync(precious, 'precious', { mode: 0o644 });
  for (const target of [missing, precious]) {
    symlinkSync(target, join(folder, name));
    const { write, log } = open(folder);
    await expect(write()).rejects.toThrow(StoreUnavailable);
    expect(log).toMatchObject([{ level: 'error', event: 'store.unavailable' }]);
    rmSync(join(folder, name));
  }
  expect([existsSync(missing), modeOf(precious)]).toEqual([false, '644']);
});

test('a folder in the place of a file is refused, and a link of the operator in the place of the folder is not', async () => {
  const folder = newFolder(0o755);
  mkdirSync(join(folder, 'sessions.mdb'));
  expect(() => keepPrivate(folder)).toThrow('sessions.mdb is not a plain file');
  const link = join(newFolder(0o700), 'link');
  rmSync(join(folder, 'sessions.mdb'), { recursive: true });
  symlinkSync(folder, link);
  await open(link).write();
  expect([...modes(folder), modeOf(folder)]).toEqual([...CLOSED, '700']);
});

test('a hard link of a backup does not matter', async () => {
  const folder = newFolder(0o700);
  const before = open(folder);
  await before.write();
  await before.store.close();
  linkSync(join(folder, 'sessions.mdb'), join(newFolder(0o700), 'backup'));
  const { store } = open(folder);
  await whenReady(store);
  expect(await store.get('s:one')).toBe('value');
});

test('what is wrong with the folder is in the log once, with what to do', async () => {
  const folder = newFolder(0o700);
  symlinkSync('/nowhere', join(folder, 'sessions.mdb'));
  const events = createEvents();
  const told = once(events, 'log');
  const store = createFileStore(folder, Date.now, events);
  closing.push(() => store.close());
  const [event] = await told;
  expect(event.message).toContain("its files must be this user's own");
  expect(event.error.message).toContain('sessions.mdb is not a plain file');
});

test.runIf(process.platform === 'linux')(
  'closing the lock file to others does not release the locks on it: another process would then reset the database',
  async () => {
    const folder = newFolder(0o700);
    await open(folder).write();
    const file = join(folder, 'sessions.mdb-lock');
    const locks = () => readFileSync('/proc/locks', 'utf8').match(new RegExp(`:${statSync(file).ino} `, 'g'))?.length;
    const before = locks();
    expect(before).toBeGreaterThan(0);
    chmodSync(file, 0o644);
    expect(keepPrivate(folder)).toEqual([]);
    expect([modes(folder), locks()]).toEqual([CLOSED, before]);
  },
);
