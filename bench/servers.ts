/** Starts what is measured, each in its own process: the built command, and the ceiling. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer.ts';
import { pinned } from './cores.ts';
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
export async function startGatepost(server: string, yaml: string, nodeOptions: string[] = []): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'gatepost-bench-'));
  const file = join(folder, 'gatepost.yaml');
  const port = await freePort();
  const listen = `listen: { http: "127.0.0.1:${port}", metrics: "127.0.0.1:${await freePort()}" }\n`;
  await writeFile(file, listen + yaml);
  const began = performance.now();
  const child = spawn(...pinned('server', [process.execPath, ...nodeOptions, server, 'serve', '--config', file]), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const close = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const started = await firstResponse(child, port, began);
  return { port, pid: child.pid!, started, close };
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

async function firstResponse(child: ChildProcess, port: number, began: number): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`gatepost ended with ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/outpost.goauthentik.io/ping`).catch(() => undefined);
    if (answered?.status === 204) return performance.now() - began;
    await sleep(5);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}
