/** Floods for one process of the command, and what is left of them in its memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../support/command.ts';
import { waitUntil } from '../support/wait.ts';

/** Answers each message with the bytes that are in use after collection. Some are free only a turn later. */
const PROBE = `
  process.on('message', async () => {
    for (let turn = 0; turn < 4; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external } = process.memoryUsage();
    process.send(heapUsed + external);
  });
  process.channel.unref();`;

export interface FloodedProcess {
  child: ChildProcess;
  /** Mebibytes that it uses after collection: no measure of what it has reserved, which depends on the machine. */
  usedMiB(): Promise<number>;
}

/** Starts the command, and waits until it listens. */
export async function startFlooded(file: string, port: number): Promise<FloodedProcess> {
  const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`;
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, command, 'serve', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/-/health/live`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil(answers, 20_000);
  return {
    child,
    async usedMiB() {
      child.send('measure');
      const [bytes] = await once(child, 'message');
      return bytes / 1024 / 1024;
    },
  };
}

const CONNECTIONS = 8;
const IN_A_ROW = 25;
const STATUS = /HTTP\/1\.1 (\d{3}) /g;

/** Sends the requests of `from` up to `to`, over a few connections. Resolves with how often each status came. */
export async function flood(port: number, from: number, to: number, request: (at: number) => string) {
  const statuses = new Map<string, number>();
  let next = from;
  async function sendAll(socket: Socket): Promise<void> {
    while (next < to) {
      const batch = Array.from({ length: Math.min(IN_A_ROW, to - next) }, () => request(next++));
      socket.write(batch.join(''));
      let text = '';
      while ([...text.matchAll(STATUS)].length < batch.length) text += String((await once(socket, 'data'))[0]);
      for (const [, status = ''] of text.matchAll(STATUS)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  await withSockets(port, CONNECTIONS, (sockets) => Promise.all(sockets.map(sendAll)));
  return Object.fromEntries(statuses);
}

/** Connections for the time of `work`; then they are cut. */
export async function withSockets<T>(port: number, count: number, work: (sockets: Socket[]) => Promise<T>): Promise<T> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return await work(sockets);
  } finally {
    for (const socket of sockets) socket.destroy();
    await sleep(200);
  }
}
