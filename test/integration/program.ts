/** Starts a program, waits until it listens, and ends it: the proxies and Gatepost itself. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export { freePort } from '../support/free_port.ts';

export interface Running {
  stop(): Promise<void>;
  /** Everything it has written so far, for the message of a failing test. */
  output(): string;
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => done(false));
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
  });
}

/** Resolves when `port` accepts connections; throws with the program's output when it ends first or takes over `limitMs` (15 s). */
export async function startProgram(
  command: string,
  parameters: string[],
  {
    port,
    directory,
    env = {},
    limitMs = 15_000,
  }: { port: number; directory: string; env?: Record<string, string>; limitMs?: number },
): Promise<Running> {
  const child = spawn(command, parameters, { cwd: directory, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000);
    });
  }
  let ended = false;
  const end = new Promise<void>((done) => {
    child.once('close', () => {
      ended = true;
      done();
    });
    child.once('error', (error) => {
      output += error.message;
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const slow = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await end;
    clearTimeout(slow);
  };
  for (let waited = 0; waited < limitMs; waited += 50) {
    if (ended) break;
    if (await listens(port)) return { stop, output: () => output };
    await sleep(50);
  }
  await stop();
  throw new Error(`${command} does not listen on ${port}:\n${output}`);
}
