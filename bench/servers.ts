/** Starts what is measured, each in its own process: the built command, and the ceiling. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer.ts';
import { endsWithUs } from './children.ts';
import { type Core, pinned } from './cores.ts';
import { freePort } from './stores.ts';

export interface Server {
  port: number;
  pid: number;
  /** Milliseconds from the start of the process to its first response. */
  started: number;
  close(): Promise<void>;
}

const ceilingFile = fileURLToPath(new URL('ceiling.mjs', import.meta.url));

/** `server` as `--server` names it; `yaml` without `listen`. The log goes to /dev/null. */
export async function startGatepost(
  server: string,
  yaml: string,
  nodeOptions: string[] = [],
  core: Core = 'server',
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'gatepost-bench-'));
  const file = join(folder, 'gatepost.yaml');
  const port = await freePort();
  const listen = `listen: { http: "127.0.0.1:${port}", metrics: "127.0.0.1:${await freePort()}" }\n`;
  await writeFile(file, listen + yaml);
  const command = [process.execPath, ...nodeOptions, server, 'serve', '--config', file];
  const running = await startProcess({ command, port, path: '/outpost.goauthentik.io/ping', core });
  const close = async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...running, close };
}

export interface Command {
  command: string[];
  port: number;
  /** Once the server answers there, it is ready. */
  path: string;
  /** The core it runs on; that of servers when absent. */
  core?: Core;
  cwd?: string;
  env?: Record<string, string>;
  /** Its standard output goes to /dev/null unless it is to be seen. */
  output?: 'ignore' | 'inherit';
  /** The same of its standard error, which is seen unless it is a log. */
  errors?: 'ignore' | 'inherit';
}

/** Starts a server and waits for its first response. One that gives none is ended. */
export async function startProcess(options: Command): Promise<Server> {
  const { command, port, path, core = 'server', cwd, env, output = 'ignore', errors = 'inherit' } = options;
  const began = performance.now();
  const child = spawn(...pinned(core, command), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, errors],
  });
  endsWithUs(child);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  try {
    const started = await Promise.race([failed, firstResponse(child, `http://127.0.0.1:${port}${path}`, began)]);
    return { port, pid: child.pid!, started, close: () => end(child) };
  } catch (error) {
    await end(child);
    throw new Error(`${basename(command[0]!)}: ${(error as Error).message}`, { cause: error });
  }
}

export async function startCeiling(answer: Answer): Promise<Server> {
  const [execPath, execArgv] = pinned('server', [process.execPath]);
  const child = fork(ceilingFile, { execPath, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const began = performance.now();
  child.send(answer);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the ceiling did not start')));
  });
  return { port, pid: child.pid!, started: performance.now() - began, close: () => end(child) };
}

async function firstResponse(child: ChildProcess, url: string, began: number): Promise<number> {
  while (performance.now() - began < 30_000) {
    if (hasEnded(child)) throw new Error(`ended with ${child.exitCode ?? child.signalCode}`);
    const answered = await fetch(url, { redirect: 'manual' }).catch(() => undefined);
    await answered?.arrayBuffer();
    if (answered && answered.status < 500) return performance.now() - began;
    await sleep(5);
  }
  throw new Error('no response within 30 s');
}

const hasEnded = (child: ChildProcess) =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const slow = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(slow);
}
