import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { openStore } from '../../src/stores/open.ts';
import { yaml } from '../config/example.ts';
import { ready } from '../stores/store.conformance.ts';
import { freePort } from '../support/free_port.ts';
import { waitUntil } from '../support/wait.ts';
import { configFile, gatepost } from './fixture.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const fileWith = (top: string) => {
  const { folder, file } = configFile(yaml({ top }));
  folders.push(folder);
  return file;
};
const emptyFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-cli-sessions-'));
  folders.push(folder);
  return folder;
};
const sessions = (...args: string[]) => gatepost(['sessions', ...args]);

test.each([
  [['list']],
  [['show', '0123456789abcdef']],
  [['end', '--all']],
])('%j says that sessions in memory cannot be seen from outside, and what to do', async (args) => {
  const { code, out, errors } = await sessions(...args, '--config', fileWith('store: memory'));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(errors).toMatch(/store: memory keeps sessions inside the serving process.*file:\/\/ or redis:\/\//);
});

test.each([
  [[]],
  [['list', '--usr', 'alice']],
  [['list', 'alice', 'bob']],
  [['show']],
  [['end']],
  [['end', '0123456789abcdef', '--all']],
  [['end', '--user', 'alice', '--all']],
  [['end', '--user']],
  [['stop']],
])('%j was typed wrongly: exit code 2, and nothing ends', async (args) => {
  const { code, out, errors } = await sessions(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(errors).not.toBe('');
});

test('help is no error', async () => {
  for (const args of [['--help'], ['end', '--help'], ['help']]) {
    const { code, out } = await sessions(...args);
    expect(code).toBe(0);
    expect(out).toContain('sessions');
  }
});

test('a folder without a database is told, and none is made there', async () => {
  const folder = join(emptyFolder(), 'mistyped');
  const { code, errors } = await sessions('list', '--config', fileWith(`store: file://${folder}`));
  expect(code).toBe(2);
  expect(errors).toContain(`there is no database in ${folder}`);
});

test('an id that no session has, and a user without one, are not found', async () => {
  const folder = emptyFolder();
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  const store = openStore(`file://${folder}`, clocks, createEvents());
  await waitUntil(() => ready(store), 20_000);
  await store.close();
  const file = fileWith(`store: file://${folder}`);
  expect(await sessions('list', '--config', file)).toEqual({ code: 0, out: 'no sessions', errors: '' });
  expect(await sessions('list', '--json', '--config', file)).toEqual({ code: 0, out: '[]', errors: '' });
  for (const args of [
    ['show', '0123456789abcdef'],
    ['end', '../x'],
    ['end', '--user', 'alice'],
  ])
    expect(await sessions(...args, '--config', file)).toMatchObject({ code: 1, out: '' });
}, 30_000);

test('a store that is down ends the command with its cause and exit code 2', async () => {
  const port = await freePort();
  const { code, out, errors } = await sessions('list', '--config', fileWith(`store: redis://127.0.0.1:${port}`));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(errors).toMatch(/^gatepost: the session store cannot be reached: .*ECONNREFUSED/);
}, 30_000);

test('a store that does not answer ends it too', async () => {
  const silent: Server = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const open = typeof address === 'object' && address ? address.port : 0;
  expect(await sessions('list', '--config', fileWith(`store: redis://127.0.0.1:${open}`))).toMatchObject({ code: 2 });
  silent.close();
}, 30_000);
