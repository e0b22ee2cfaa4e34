/** The file store on a machine with other users: what they have planted, what they own, what they could read. Needs root. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const CHILD = new URL('./as_user.ts', import.meta.url).pathname;
/** Two users without any rights; they need no entry in /etc/passwd. */
const [OURS, THEIRS] = [61_001, 61_002];
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  if (process.geteuid?.() === 0) return;
  if (process.env.CI === 'true') throw new Error('this test must be able to run as several users on CI');
  console.warn('\n!!! NOT TESTED: the file store among other users (only root can be several) !!!\n');
  skip();
});

function newFolder(owner: number, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-users-'));
  folders.push(folder);
  chownSync(folder, owner, owner);
  chmodSync(folder, mode);
  return folder;
}

/** What a Gatepost of `user` makes of the folder. */
async function openAs(user: number, folder: string, umask = '022'): Promise<{ outcome: string; log: string[] }> {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', CHILD, folder, umask, String(user)]);
  return JSON.parse(stdout);
}

const files = (folder: string) =>
  readdirSync(folder).map((name) => {
    const { mode, uid } = lstatSync(join(folder, name));
    return `${name} ${(mode & 0o777).toString(8)} ${uid}`;
  });
const owned = (user: number) => [`sessions.mdb 600 ${user}`, `sessions.mdb-lock 600 ${user}`];

// Attack: another user of the machine reads the rows, because the umask takes nothing away.
test('several processes at once, whatever their umask, leave closed files only', async () => {
  const folder = newFolder(OURS, 0o755);
  const opened = await Promise.all(['000', '002', '022', '077'].map((umask) => openAs(OURS, folder, umask)));
  expect(opened).toEqual(Array(4).fill({ outcome: 'written', log: [] }));
  expect(files(folder)).toEqual(owned(OURS));
  expect(lstatSync(folder).mode & 0o777).toBe(0o700);
});

test('a folder of root that all may write in (a volume) works, with closed files and a warning at each start', async () => {
  const folder = newFolder(0, 0o777);
  for (let start = 0; start < 2; start++) {
    const { outcome, log } = await openAs(OURS, folder);
    expect(outcome).toBe('written');
    expect(log).toEqual([expect.stringMatching(/^warn .*open to other users \(user 0, mode 0777\)/)]);
  }
  expect(files(folder)).toEqual(owned(OURS));
});

test("root may look into another user's store, and leaves it that user's", async () => {
  const folder = newFolder(OURS, 0o700);
  await openAs(OURS, folder);
  chmodSync(join(folder, 'sessions.mdb'), 0o644);
  expect(await openAs(0, folder)).toEqual({ outcome: 'written', log: [] });
  expect(files(folder)).toEqual(owned(OURS));
  expect(await openAs(OURS, folder)).toEqual({ outcome: 'written', log: [] });
});

// Attack: another user makes the database first and keeps it open to all, so that Gatepost writes what they can read.
test("a file that is another user's is refused", async () => {
  const folder = newFolder(0, 0o1777);
  writeFileSync(join(folder, 'sessions.mdb'), '');
  chmodSync(join(folder, 'sessions.mdb'), 0o666);
  chownSync(join(folder, 'sessions.mdb'), THEIRS, THEIRS);
  const { outcome, log } = await openAs(OURS, folder);
  expect(outcome).toBe('unavailable');
  expect(log.join('\n')).toContain(`sessions.mdb belongs to user ${THEIRS}, Gatepost runs as user ${OURS}`);
});

// Attack: another user plants a link where the folder will be (in /tmp, say); root would change the mode of what it leads to.
test.each([
  0,
  OURS,
])('a link in the place of the folder that another user has made is refused by user %i', async (us) => {
  const target = newFolder(us, 0o755);
  const link = join(newFolder(THEIRS, 0o755), 'store');
  symlinkSync(target, link);
  lchownSync(link, THEIRS, THEIRS);
  const { outcome, log } = await openAs(us, link);
  expect(outcome).toBe('unavailable');
  expect(log.join('\n')).toContain(`is a link that user ${THEIRS} has made`);
  expect([lstatSync(target).mode & 0o777, files(target)]).toEqual([0o755, []]);
});
