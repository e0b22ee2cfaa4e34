import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { configFile } from './fixture.ts';

const good = configFile(yaml({ top: 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { format: json }' }));
const bad = configFile(yaml({ top: 'workers: none' }));
afterAll(() => {
  for (const { folder } of [good, bad]) rmSync(folder, { recursive: true });
});

function start(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [command, ...args]);
}

it('is a program for the shell', () => {
  expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

it('names the lines of the sources in a stack trace', async () => {
  const fault = 'process.stdout.write = process.stderr.write = () => { throw new Error("a fault"); }';
  const options = ['--enable-source-maps', '--import', `data:text/javascript,${fault}`];
  const child = spawn(process.execPath, [...options, command, '--version']);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await once(child, 'close');
  expect(errors).toContain('Error: a fault');
  const frames = [...errors.matchAll(/\/(src\/[a-z_/]+\.ts):\d+:\d+/g)].map(([, file = '']) => file);
  expect(frames).toContain('src/cli/main.ts');
  for (const file of frames) expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
});

// Attack: with 0, a script would take it for the result of `gatepost explain`.
it('ends without a word where nobody reads on, and with no code of success', async () => {
  const child = start('check', '--config', good.file);
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'exit');
  expect({ code, errors }).toEqual({ code: 141, errors: '' });
});

it('is shipped with the sources that its source maps name', () => {
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(files).toEqual(expect.arrayContaining(['dist', 'src']));
});

it('ends with code 2 and the problems on stderr where the configuration is wrong', async () => {
  const child = start('serve', '--config', bad.file);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  expect({ code, errors }).toEqual({
    code: 2,
    errors: `${bad.file}:2: workers: must be a whole number from 1 to 999, or auto; got "none"\n`,
  });
});

it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, and ends with code 0', async (signal) => {
  const child = start('serve', '--config', good.file);
  const ended = once(child, 'close');
  // A child that ends before it listens fails below with its own code.
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill(signal);
  expect(await ended).toEqual([0, null]);
});

it('ends also where a thread hangs for which `process.exit` would wait', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-'));
  const pipe = join(folder, 'pipe');
  // Nobody ever writes to it: a thread that opens it hangs.
  execFileSync('mkfifo', [pipe]);
  const hang = `import { open } from 'node:fs'; open(${JSON.stringify(pipe)}, 'r', () => {});`;
  const child = spawn(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(hang)}`,
    command,
    'serve',
    '--config',
    good.file,
  ]);
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGKILL']);
  rmSync(folder, { recursive: true });
});
