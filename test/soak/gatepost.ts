/** One process of the built command, which can be killed, frozen, stopped in order and started again on its port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../support/command.ts';
import type { Announcements } from './announcements.ts';
import { createAsker } from './ask.ts';
import type { WallClock } from './clock.ts';

export interface GatepostOptions {
  name: string;
  port: number;
  configuration: string;
  /** For the configuration and the log. */
  folder: string;
  clock: WallClock;
  announcements: Announcements;
  /** The process ended, and nobody had asked for it. */
  onCrash: (name: string, code: string) => void;
}

/** A process that reads a large database, on a busy machine. */
const START_MS = 30_000;

export function createGatepost(options: GatepostOptions) {
  const { name, port, folder, clock, announcements, onCrash } = options;
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, options.configuration);
  const { ask, close } = createAsker(port);
  let child: ChildProcess | undefined;
  let isUp = false;

  async function untilReady(): Promise<void> {
    for (const limit = performance.now() + START_MS; performance.now() < limit; await sleep(50)) {
      const { status } = await ask({ path: '/-/health/ready', headers: { host: 'soak' } });
      if (status === 200) return;
    }
    throw new Error(`process ${name} was not ready within ${START_MS} ms`);
  }

  function launch(): void {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const env = { ...process.env, ...clock.env };
    const started = spawn(process.execPath, [command, 'serve', '--config', file], { env, stdio: ['ignore', log, log] });
    closeSync(log);
    child = started;
    started.once('exit', (code, signal) => {
      if (child !== started) return;
      isUp = false;
      onCrash(name, String(code ?? signal));
    });
  }

  async function start(): Promise<void> {
    launch();
    await untilReady();
    isUp = true;
  }

  /** Sends a signal that ends it; the exit code. */
  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return null;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    const [code] = await exited;
    isUp = false;
    return typeof code === 'number' ? code : null;
  }

  /** Frozen for a moment, and for `ms` only where that is a good one; whether it was. */
  async function freezeIf(isGood: () => Promise<boolean>, ms: number): Promise<boolean> {
    const announced = announcements.begin('frozen', name);
    child?.kill('SIGSTOP');
    const good = await isGood();
    if (good) await sleep(ms);
    child?.kill('SIGCONT');
    announced(1000);
    return good;
  }

  return {
    name,
    ask,
    clock,
    start,
    /** `false` between a kill and the next start: a proxy with a health check leaves it out. */
    isUp: () => isUp,
    pid: () => child?.pid,
    /** `kill -9`, and a new start after `downMs`. */
    async kill(downMs: number): Promise<void> {
      const announced = announcements.begin('killed', name);
      isUp = false;
      await end('SIGKILL');
      await sleep(downMs);
      await start();
      announced();
    },
    /** As an upgrade does it; how long the process took to end, and its exit code. */
    async restart(): Promise<{ tookMs: number; code: number | null }> {
      const announced = announcements.begin('stopping', name);
      const began = performance.now();
      const code = await end('SIGTERM');
      const tookMs = performance.now() - began;
      await start();
      announced();
      return { tookMs, code };
    },
    freeze: (ms: number) => freezeIf(async () => true, ms),
    freezeIf,
    async close(): Promise<void> {
      child?.kill('SIGCONT');
      await end('SIGKILL');
      close();
    },
  };
}

export type Gatepost = ReturnType<typeof createGatepost>;
