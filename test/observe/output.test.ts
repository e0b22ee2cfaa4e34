import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { createLog } from '../../src/observe/log.ts';
import { createOutput } from '../../src/observe/output.ts';
import { configFile } from '../cli/fixture.ts';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';

const clean: (() => void)[] = [];
afterEach(() => {
  for (const step of clean.splice(0).reverse()) step();
});

function openFile(path: string, flags: number | string): number {
  const fd = openSync(path, flags);
  clean.push(() => closeSync(fd));
  return fd;
}

/** A pipe that its reader does not have to read. */
function makePipe(): { path: string; fd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-output-'));
  clean.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  return { path, fd: openFile(path, constants.O_RDWR | constants.O_NONBLOCK) };
}

const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} with an ü and some more text\n`);

test('a reader that comes late gets every line, whole and in order', async () => {
  const { path, fd } = makePipe();
  const output = createOutput(fd);
  for (const line of lines) output.write(line);
  output.flush();
  let read = '';
  const expected = lines.join('');
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    read += piece;
    if (read.length >= expected.length) break;
  }
  expect(read === expected).toBe(true);
});

test('the end writes at once what was only gathered', async () => {
  const { path, fd } = makePipe();
  const output = createOutput(fd);
  for (const line of lines.slice(0, 100)) output.write(line);
  output.end();
  const [piece] = await once(createReadStream(path, { encoding: 'utf8' }), 'data');
  expect(piece).toBe(lines.slice(0, 100).join(''));
});

test('the end may come twice, with lines in between, while a piece is on its way: each line is there once', async () => {
  const { path, fd } = makePipe();
  const output = createOutput(fd);
  output.write('one\n');
  output.flush();
  output.end();
  output.write('two\n');
  expect(output.end).not.toThrow();
  let read = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    read += piece;
    if (read.length >= 'one\ntwo\n'.length) break;
  }
  // The piece on its way is written by another thread.
  expect(read.split('\n').toSorted()).toEqual(['', 'one', 'two']);
});

test('lines that a reader does not take in time are counted, and the log says so once the reader is back', async () => {
  const { path, fd } = makePipe();
  const events = createEvents();
  const log = createLog({ level: 'info', query: false, format: 'json' }, events, (onRecovered) => {
    const output = createOutput(fd, { maxWaitingBytes: 256 * 1024, onRecovered });
    const timer = setInterval(output.flush, 10);
    clean.push(() => clearInterval(timer));
    return output;
  });
  const emitted = 4000;
  for (let at = 0; at < emitted; at += 1) {
    events.emit('log', { level: 'info', event: 'test', message: `${at} `.padEnd(200, 'x') });
    // The first pieces go into the pipe as far as it holds them.
    if (at % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const dropped = log.droppedLines();
  expect(dropped).toBeGreaterThan(100);
  let read = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    read += piece;
    if (read.includes('log.lines_dropped') && read.endsWith('\n')) break;
  }
  const lines = read.trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    level: 'warn',
    event: 'log.lines_dropped',
    msg: expect.stringMatching(`^${dropped} log lines were lost`),
  });
  expect(lines.length - 1).toBe(emitted - dropped);
  expect(log.droppedLines()).toBe(dropped);
});

test('lines that a full disk does not take are counted', async () => {
  const output = createOutput(openFile('/dev/full', 'w'));
  for (const line of lines.slice(0, 100)) output.write(line);
  output.flush();
  await expect.poll(() => output.droppedLines).toBe(100);
});

// After this one, an output of the test still tries to write to a descriptor that is closed by then.
test.each([
  ['a full disk', () => openFile('/dev/full', 'w')],
  ['a reader that does not read', () => makePipe().fd],
])('%s: nothing is thrown, and the end comes', async (_, open) => {
  const output = createOutput(open());
  for (let round = 0; round < 3; round += 1) {
    for (const line of lines) output.write(line);
    output.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(output.end).not.toThrow();
});

// The log of the server is on a disk that another program has filled.
test('a server whose log goes to a full disk responds, and ends with a signal', async () => {
  const port = await freePort();
  const { folder, file } = configFile(yaml({ top: `listen: { http: 127.0.0.1:${port}, metrics: off }` }));
  clean.push(() => rmSync(folder, { recursive: true }));
  const stdio = ['ignore', openFile('/dev/full', 'w'), 'inherit'] as const;
  const child = spawn(process.execPath, [command, 'serve', '--config', file], { stdio: [...stdio] });
  clean.push(() => child.kill('SIGKILL'));
  const ask = () => fetch(`http://127.0.0.1:${port}/auth/traefik`, { signal: AbortSignal.timeout(2000) });
  await expect.poll(() => ask().then((answer) => answer.status, String), { timeout: 15_000 }).toBe(500);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await ask()).status).toBe(500);
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
