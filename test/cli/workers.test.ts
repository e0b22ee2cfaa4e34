/** `workers`: several processes on one port, seen from outside. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { configFile } from './fixture.ts';

const folders: string[] = [];
const children: ChildProcessWithoutNullStreams[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true });
});

async function start(httpPort: number, metricsPort: number) {
  const listen = `listen: { http: 127.0.0.1:${httpPort}, metrics: 127.0.0.1:${metricsPort} }`;
  const store = configFile('').folder;
  const { folder, file } = configFile(
    yaml({ top: `${listen}\nworkers: 2\nstore: file://${store}/sessions\nlog: { format: json }` }),
  );
  folders.push(folder, store);
  const child = spawn(process.execPath, [command, 'serve', '--config', file]);
  children.push(child);
  return { child, ended: once(child, 'close') };
}

async function until<T>(look: () => Promise<T | undefined>, pauseMs = 100): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error('it never came');
}

/** The processes under the parent. */
function workersOf({ pid }: ChildProcessWithoutNullStreams): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}

test('two workers answer on one port, one /metrics speaks for both, a worker that ends is replaced, a signal ends all', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await start(http, metrics);
  const ask = () => fetch(`http://127.0.0.1:${http}/auth/traefik`, { headers: { connection: 'close' } });
  // The parent listens on the metrics port when every worker listens on the other one.
  await until(async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text());
  for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(500);
  // Decisions are counted when their answers are on the way already.
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text())
    .toMatch(/gatepost_decisions_total\{[^}]*reason="configuration_error"[^}]*\} 6\n/);

  const before = workersOf(child);
  expect(before).toHaveLength(2);
  process.kill(Number(before[0]), 'SIGKILL');
  const after = await until(async () => {
    const now = workersOf(child);
    return now.length === 2 && !now.includes(before[0] as string) ? now : undefined;
  });
  expect(after).toContain(before[1]);
  expect((await ask()).status).toBe(500);

  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await expect(ask()).rejects.toThrow();
});

test('a worker that is killed before it listens is replaced too', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await start(http, metrics);
  // A connection that the parent has given to a worker just before it was killed gets no response.
  const ask = () => fetch(`http://127.0.0.1:${http}/auth/traefik`, { signal: AbortSignal.timeout(2000) });
  await until(async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text());
  const [first = '', second = ''] = workersOf(child);
  process.kill(Number(first), 'SIGKILL');
  const successor = await until(async () => workersOf(child).find((pid) => pid !== first && pid !== second), 5);
  process.kill(Number(successor), 'SIGKILL');
  await until(async () => workersOf(child).find((pid) => ![first, second, successor].includes(pid)));
  // Only the last one can respond now.
  process.kill(Number(second), 'SIGKILL');
  expect(await until(async () => (await ask()).status)).toBe(500);
  await until(async () => (workersOf(child).length === 2 ? true : undefined));
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a port that is taken ends the command with a sentence', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { child, ended } = await start((taken.address() as AddressInfo).port, await freePort());
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  expect(await ended).toEqual([1, null]);
  expect(errors).toMatch(/EADDRINUSE|before it could listen/);
  taken.close();
});
