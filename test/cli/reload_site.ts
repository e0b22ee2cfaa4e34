/** The command with a configuration that changes, under load: what it logs, what it answers, and what it holds in memory. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { waitUntil } from '../support/wait.ts';

/** Each process answers on a socket of its own with the bytes that are in use after collection. */
const PROBE = (folder: string) => `
  import { createServer } from 'node:net';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) createServer(async (socket) => {
    for (let turn = 0; turn < 4; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external } = process.memoryUsage();
    socket.end(String(heapUsed + external));
  }).listen({ path: ${JSON.stringify(folder)} + '/' + process.pid + '.sock', exclusive: true }).unref();`;

export interface LogLine {
  level: string;
  event?: string;
  msg: string;
}

export interface ReloadSite {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<unknown[]>;
  port: number;
  metricsPort: number;
  folder: string;
  file: string;
  /** What stands for `NAME` in the text is filled in: `PORT`, `METRICS`, `FOLDER`. */
  write(text: string, how?: 'replace' | 'in place'): void;
  hangUp(): void;
  /** The lines of these events so far. */
  lines(...events: string[]): LogLine[];
  /** The next line of one of these events. */
  next(...events: string[]): Promise<LogLine>;
  /** Bytes in use after collection, of each process. */
  memory(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

/** Starts it, and waits until it answers. `false`: it is not waited for. */
export async function startReloadSite(text: string, { wait = true } = {}): Promise<ReloadSite> {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-reload-'));
  const [port, metricsPort] = [await freePort(), await freePort()];
  const file = join(folder, 'gatepost.yaml');
  const fill = (one: string) =>
    one.replaceAll('METRICS', String(metricsPort)).replaceAll('PORT', String(port)).replaceAll('FOLDER', folder);
  writeFileSync(file, fill(text));
  const probe = `data:text/javascript,${encodeURIComponent(PROBE(folder))}`;
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, command, 'serve', '--config', file]);
  const ended = once(child, 'close');
  const known: LogLine[] = [];
  let rest = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdout.on('data', (chunk) => {
    const all = (rest + chunk).split('\n');
    rest = all.pop() ?? '';
    // Decisions are many.
    for (const line of all) if (line.includes('"event":')) known.push(JSON.parse(line));
  });
  const lines = (...events: string[]) => known.filter(({ event = '' }) => events.includes(event));
  const seen = new Map<string, number>();
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${errors}`);
    // Each connection goes to another worker; its store opens after it listens.
    const asked = Array.from({ length: 4 }, () => isReady(port));
    return (await Promise.all(asked)).every(Boolean);
  };
  if (wait) {
    await waitUntil(answers, 20_000).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  }
  return {
    ...{ child, ended, port, metricsPort, folder, file },
    write(next, how = 'replace') {
      if (how === 'in place') return writeFileSync(file, fill(next));
      writeFileSync(`${file}.new`, fill(next));
      renameSync(`${file}.new`, file);
    },
    hangUp: () => void child.kill('SIGHUP'),
    lines,
    async next(...events) {
      const name = events.join(' ');
      const at = seen.get(name) ?? 0;
      seen.set(name, at + 1);
      await waitUntil(() => lines(...events).length > at, 20_000);
      return lines(...events)[at] as LogLine;
    },
    async memory() {
      const used = new Map<string, number>();
      for (const name of readdirSync(folder).filter((one) => one.endsWith('.sock'))) {
        const socket = connect(join(folder, name));
        let bytes = '';
        socket.on('data', (chunk) => {
          bytes += chunk;
        });
        await once(socket, 'close');
        used.set(name, Number(bytes));
      }
      return used;
    },
    stop,
  };
}

async function isReady(port: number): Promise<boolean> {
  const headers = { connection: 'close' };
  const reply = await fetch(`http://127.0.0.1:${port}/-/health/ready`, { headers }).catch(() => undefined);
  return reply?.status === 200;
}

/** Sends one request after the other, over and over, until `stop`; what was not answered as wanted is kept. */
export function startLoad(requests: readonly { name: string; send: () => Promise<boolean> }[]) {
  const failed: string[] = [];
  let count = 0;
  let running = true;
  const clients = requests.map(async ({ name, send }) => {
    while (running) {
      const outcome = await send().catch((error: unknown) => String(error));
      if (outcome !== true) failed.push(`${name}: ${outcome}`);
      count += 1;
      await sleep(1);
    }
  });
  return {
    count: () => count,
    failed,
    async stop() {
      running = false;
      await Promise.all(clients);
    },
  };
}
