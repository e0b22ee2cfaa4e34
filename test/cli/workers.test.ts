/** `workers`: several processes on one port, seen from outside. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
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

async function start(httpPort: number, metricsPort: number, application = '') {
  return startOn(`127.0.0.1:${httpPort}`, `127.0.0.1:${metricsPort}`, application);
}

async function startOn(http: string, metrics: string, application = '') {
  const listen = `listen: { http: "${http}", metrics: "${metrics}" }`;
  const store = configFile('').folder;
  const { folder, file } = configFile(
    yaml({ top: `${listen}\nworkers: 2\nstore: file://${store}/sessions\nlog: { format: json }`, application }),
  );
  folders.push(folder, store);
  const child = spawn(process.execPath, [command, 'serve', '--config', file]);
  children.push(child);
  return { child, file, ended: once(child, 'close') };
}

/** The parent listens on the metrics port when every worker listens on the other one. */
const metricsOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/** The status of an auth request about a path of the site. */
async function check(httpPort: number, path: string): Promise<number> {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com', 'x-forwarded-uri': path };
  const headers = { ...forwarded, connection: 'close' };
  return (await fetch(`http://127.0.0.1:${httpPort}/auth/traefik`, { headers })).status;
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
  const text = await metricsOf(metrics);
  for (const line of ['gatepost_worker_exits_total 1', 'gatepost_store_up 1', 'gatepost_info{version="[^"]+"} 1'])
    expect(text).toMatch(new RegExp(`^${line}$`, 'm'));
  expect((await ask()).status).toBe(500);

  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await expect(ask()).rejects.toThrow();
});

test('a worker that is killed before it listens is replaced too', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await start(http, metrics);
  const ask = () => fetch(`http://127.0.0.1:${http}/auth/traefik`, { headers: { connection: 'close' } });
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

test('workers listen on each of several addresses, and the parent has the metrics and the ping on each', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await startOn(
    `[::]:${http},0.0.0.0:${http},127.0.0.1:${await freePort()}`,
    `127.0.0.1:${metrics},[::1]:${metrics}`,
  );
  await until(() => metricsOf(metrics));
  const statusOf = async (url: string) => (await fetch(url, { headers: { connection: 'close' } })).status;
  for (const host of ['127.0.0.1', '[::1]']) {
    for (let times = 0; times < 2; times += 1) expect(await statusOf(`http://${host}:${http}/auth/traefik`)).toBe(500);
    expect(await statusOf(`http://${host}:${metrics}/outpost.goauthentik.io/ping`)).toBe(204);
  }
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a worker that is replaced decides by the configuration of the start, whatever the file says now', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const site = 'external_host: https://app.example.com\naccess: [{ path: ^/page, policy: POLICY }]';
  const { child, ended, file } = await start(http, metrics, site.replace('POLICY', 'public'));
  await until(() => metricsOf(metrics));
  const before = workersOf(child);
  for (const text of [readFileSync(file, 'utf8').replace('policy: public', 'policy: deny'), 'applications: [']) {
    writeFileSync(file, text);
    const [first] = workersOf(child);
    process.kill(Number(first), 'SIGKILL');
    await until(async () => (workersOf(child).includes(first as string) ? undefined : true));
    await until(async () => /^gatepost_workers_responding 2$/m.test(await metricsOf(metrics)) || undefined);
    for (let i = 0; i < 6; i++) expect(await check(http, '/page')).toBe(200);
  }
  expect(workersOf(child).filter((pid) => before.includes(pid))).toEqual([]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a worker that hangs does not hold /metrics up, and is replaced; no counter falls', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await start(http, metrics);
  const decisions = (text: string) => /^gatepost_decisions_total\{[^}]*\} (\d+)$/m.exec(text)?.[1];
  await until(() => metricsOf(metrics));
  for (let i = 0; i < 6; i++) await check(http, '/');
  await expect.poll(async () => decisions(await metricsOf(metrics))).toBe('6');
  const [hung = ''] = workersOf(child);
  process.kill(Number(hung), 'SIGSTOP');
  const text = await metricsOf(metrics);
  expect(text).toMatch(/^gatepost_workers_configured 2$/m);
  expect(text).toMatch(/^gatepost_workers_responding 1$/m);
  expect(decisions(text)).toBe('6');
  // One of these is given to the worker that hangs, and to the other one when that is killed.
  const answers = await Promise.all(Array.from({ length: 6 }, () => check(http, '/')));
  expect(answers).toEqual(Array.from({ length: 6 }, () => 404));
  await until(async () => (workersOf(child).includes(hung) ? undefined : true));
  await until(async () => /^gatepost_workers_responding 2$/m.test(await metricsOf(metrics)) || undefined);
  expect(decisions(await metricsOf(metrics))).toBe('12');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}, 60_000);

test('a signal to all processes of the service cuts off no request', async () => {
  const held: ServerResponse[] = [];
  const provider = createHttpServer((_, response) => void held.push(response)).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const [http, metrics] = [await freePort(), await freePort()];
  const site = `external_host: https://app.example.com\nissuer: ${issuer}`;
  const { child, ended } = await start(http, metrics, site);
  await until(() => metricsOf(metrics));
  // Each worker asks for the metadata, with which the login waits.
  await until(async () => held.length >= 2 || undefined);
  const login = fetch(`http://127.0.0.1:${http}/outpost.goauthentik.io/start`, {
    headers: { 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'https' },
    redirect: 'manual',
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const pids = [...workersOf(child), String(child.pid)];
  for (const pid of pids) process.kill(Number(pid), 'SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
  for (const response of held) {
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ ...metadata, jwks_uri: `${issuer}/j` }));
  }
  expect((await login).status).toBe(302);
  expect(await ended).toEqual([0, null]);
  provider.close();
});

test('a signal to one worker ends it in order, and another one takes its place', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const { child, ended } = await start(http, metrics);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => metricsOf(metrics));
  const [first = ''] = workersOf(child);
  process.kill(Number(first), 'SIGTERM');
  await until(async () => (workersOf(child).includes(first) ? undefined : true));
  await until(async () => /^gatepost_workers_responding 2$/m.test(await metricsOf(metrics)) || undefined);
  expect(said).toMatch(/worker \d+ ended \(0\), another one takes its place/);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
