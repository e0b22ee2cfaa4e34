/** `listen.http` and `listen.metrics` with several addresses, and `[::]` on machines with and without IPv6. */
import { createServer, Server } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { createProxyServer, type Listener, listen, listenForMetrics } from '../../src/server/listen.ts';
import { freePort } from '../support/free_port.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const step of clean.splice(0).reverse()) await step();
});

async function start(addresses: string): Promise<Listener> {
  const listener = await listen(addresses, (_, response) => void response.end('here'), {
    quietMs: 0,
    events: createEvents(),
  });
  clean.push(() => listener.drain());
  return listener;
}

const ask = async (place: string) =>
  (await fetch(`http://${place}/`, { headers: { connection: 'close' } })).text().catch(() => 'broken');
const isClosed = (place: string) =>
  fetch(`http://${place}/`).then(
    () => false,
    () => true,
  );

test('each address of a list is listened on, and named with its real port', async () => {
  const port = await freePort();
  const listener = await start(`127.0.0.1:0, [::1]:${port},127.0.0.2:0`);
  expect(listener.places).toEqual([
    `127.0.0.1:${listener.address.port}`,
    `[::1]:${port}`,
    expect.stringMatching(/^127\.0\.0\.2:[1-9]\d*$/),
  ]);
  expect(listener.address.address).toBe('127.0.0.1');
  expect(await Promise.all(listener.places.map(ask))).toEqual(['here', 'here', 'here']);
});

test('the end closes all of them', async () => {
  const listener = await start('127.0.0.1:0,127.0.0.2:0');
  await listener.drain();
  expect(await Promise.all(listener.places.map(isClosed))).toEqual([true, true]);
});

test('a connection that was never used lives longer than one that is idle, and both longer than a proxy keeps them', () => {
  const { headersTimeout, keepAliveTimeout, requestTimeout } = createProxyServer(() => {});
  // Go, and with it Traefik, keeps idle connections for 90 s.
  expect(keepAliveTimeout).toBeGreaterThan(90_000);
  expect(headersTimeout).toBeGreaterThan(keepAliveTimeout);
  expect(requestTimeout).toBeGreaterThanOrEqual(headersTimeout);
});

test('[::] takes clients of IPv4 in, too', async () => {
  const { address } = await start('[::]:0');
  expect(await Promise.all([ask(`127.0.0.1:${address.port}`), ask(`[::1]:${address.port}`)])).toEqual(['here', 'here']);
});

describe('an address that another one takes in is no error', () => {
  test.each([
    ['[::]:P,0.0.0.0:P', '[::]:P'],
    ['0.0.0.0:P,[::]:P', '[::]:P'],
    ['127.0.0.1:P,[::1]:P,[::]:P', '[::]:P'],
    ['0.0.0.0:P,127.0.0.1:P,[::1]:P', '0.0.0.0:P [::1]:P'],
    [':P,0.0.0.0:P', ':P'],
    ['127.0.0.1:P,127.0.0.1:P', '127.0.0.1:P'],
  ])('%s', async (addresses, places) => {
    const port = String(await freePort());
    const listener = await start(addresses.replaceAll('P', port));
    expect(listener.places.join(' ')).toBe(places.replaceAll('P', port));
    expect(await ask(`127.0.0.1:${port}`)).toBe('here');
  });
});

/** A machine without IPv6, as Node sees it. */
function takeIpv6Away(code: string): void {
  const original: (this: Server, at: { host?: string }, done: () => void) => Server = Server.prototype.listen;
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...given: unknown[]) {
    const [at, done] = given as [{ host?: string }, () => void];
    if (at.host !== '::') return original.call(this, at, done);
    process.nextTick(() => this.emit('error', Object.assign(new Error(`listen ${code} :::9000`), { code })));
    return this;
  });
}

describe.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('without IPv6 (%s)', (code) => {
  test('[::] is 0.0.0.0, alone and in a list', async () => {
    takeIpv6Away(code);
    const port = await freePort();
    const listener = await start(`[::]:${port},0.0.0.0:${port}`);
    expect(listener.places).toEqual([`0.0.0.0:${port}`]);
    expect(await ask(`127.0.0.1:${port}`)).toBe('here');
  });
});

describe('a port that is taken', () => {
  async function take(): Promise<number> {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    clean.push(() => other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    return port;
  }

  test('is an error, and the other addresses are let go', async () => {
    const [free, taken] = [await freePort(), await take()];
    await expect(start(`127.0.0.1:${free},127.0.0.1:${taken}`)).rejects.toThrow('EADDRINUSE');
    expect(await isClosed(`127.0.0.1:${free}`)).toBe(true);
  });

  test('is an error for [::] too: only a machine without IPv6 has it as 0.0.0.0', async () => {
    await expect(start(`[::]:${await take()}`)).rejects.toThrow('EADDRINUSE');
  });

  test('of the metrics is said, and Gatepost goes on without', async () => {
    const events = createEvents();
    const said: LogEvent[] = [];
    events.on('log', (line) => said.push(line));
    expect(await listenForMetrics(`127.0.0.1:0,127.0.0.1:${await take()}`, () => {}, events)).toBeUndefined();
    expect(said).toMatchObject([{ level: 'error', event: 'metrics.unavailable' }]);
  });
});
