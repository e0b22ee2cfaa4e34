/** An orderly end on connections that proxies keep: each request on them is answered, and nobody is reset. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { createDrain } from '../../src/server/drain.ts';
import { startServer } from '../../src/server/server.ts';
import { parse, yaml } from '../config/example.ts';
import { waitUntil } from '../support/wait.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

/** A kept connection, as a proxy has it. */
async function keep(port: number, allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  clean.push(() => socket.destroy());
  const proxy = {
    received: '',
    /** The other side has closed in order. */
    ended: false,
    closed: false,
    error: undefined as Error | undefined,
    ask: (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n\r\n`),
    answers: () => proxy.received.split('HTTP/1.1 ').length - 1,
  };
  socket.setEncoding('latin1').on('data', (chunk) => {
    proxy.received += chunk;
  });
  socket.on('error', (error) => {
    proxy.error = error;
  });
  socket.on('end', () => {
    proxy.ended = true;
  });
  socket.on('close', () => {
    proxy.closed = true;
  });
  await once(socket, 'connect');
  return proxy;
}

async function start(listener: RequestListener, quietMs?: number) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  const drain = createDrain(server, quietMs);
  await once(server, 'listening');
  clean.push(() => server.closeAllConnections());
  return { port: (server.address() as AddressInfo).port, drain };
}

test('after the signal an auth request on a kept connection is answered with Connection: close, and then it is closed', async () => {
  const application = 'external_host: https://app.example.com\nissuer: http://127.0.0.1:9/';
  const top = 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error }';
  const server = await startServer(parse(yaml({ top, application })));
  const paths = ['/outpost.goauthentik.io/auth/traefik', '/outpost.goauthentik.io/ping', '/-/health/ready'];
  const proxies = await Promise.all(paths.map(() => keep(server.http.port)));
  for (const [index, proxy] of proxies.entries()) proxy.ask(paths[index]!);
  await waitUntil(() => proxies.every((proxy) => proxy.answers() === 1));
  for (const { received } of proxies) expect(received).toMatch(/\r\nConnection: keep-alive\r\n/);
  const closed = server.close();
  for (const [index, proxy] of proxies.entries()) proxy.ask(paths[index]!);
  await closed;
  await waitUntil(() => proxies.every((proxy) => proxy.closed));
  for (const proxy of proxies) {
    expect(proxy.error).toBeUndefined();
    expect(proxy.answers()).toBe(2);
    expect(proxy.received.split('HTTP/1.1 ')[2]).toMatch(/\r\nConnection: close\r\n/);
  }
  expect(proxies[2]?.received).toContain('HTTP/1.1 503');
  await expect(keep(server.http.port)).rejects.toThrow('ECONNREFUSED');
});

test('a request that runs at the signal is finished, and its answer ends the connection', async () => {
  let finish = () => {};
  const { port, drain } = await start((_, response) => {
    finish = () => response.end('done');
  }, 0);
  const proxy = await keep(port);
  const before = finish;
  proxy.ask('/');
  await waitUntil(() => finish !== before);
  const drained = drain();
  finish();
  await drained;
  await waitUntil(() => proxy.closed);
  expect(proxy.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*done$/);
});

test('an idle connection is not closed at the signal: a request may be on its way', async () => {
  const { port, drain } = await start((_, response) => response.end('answered'), 3_600_000);
  const proxies = [await keep(port), await keep(port)];
  const drained = drain();
  for (const [index, proxy] of proxies.entries()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(proxy.ended).toBe(false);
    proxy.ask('/');
    await waitUntil(() => proxy.closed);
    expect({ index, error: proxy.error, answers: proxy.answers() }).toEqual({ index, error: undefined, answers: 1 });
  }
  await drained;
});

test('an idle connection is closed in order when no request has come for a while', async () => {
  const { port, drain } = await start((_, response) => response.end('answered'), 50);
  const proxies = [await keep(port), await keep(port)];
  proxies[0]?.ask('/');
  await waitUntil(() => proxies[0]?.answers() === 1);
  await drain();
  await waitUntil(() => proxies.every(({ closed }) => closed));
  for (const proxy of proxies) expect([proxy.ended, proxy.error]).toEqual([true, undefined]);
});

test('an idle connection is closed in order in time for the last answers, however many requests come on others', async () => {
  let last: (() => void) | undefined;
  const { port, drain } = await start((_, response) => {
    last = () => response.end('answered');
  }, 3_600_000);
  const [busy, idle] = [await keep(port), await keep(port)];
  const drained = drain();
  await sleep(2900);
  expect(idle.ended).toBe(false);
  busy.ask('/');
  await waitUntil(() => idle.closed);
  expect([idle.ended, idle.error]).toEqual([true, undefined]);
  await sleep(500);
  last?.();
  await drained;
  expect(busy.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*answered$/);
}, 10_000);

test('a proxy that does not close its side does not hold the end up', async () => {
  const { port, drain } = await start((_, response) => response.end('answered'), 50);
  const proxy = await keep(port, true);
  await drain();
  await waitUntil(() => proxy.ended);
});

test('an answer that has begun and never ends is cut off', async () => {
  const { port, drain } = await start((_, response) => response.write('begun'), 0);
  const proxy = await keep(port);
  proxy.ask('/');
  await waitUntil(() => proxy.received.includes('begun'));
  await drain();
  await waitUntil(() => proxy.closed);
  // Not the end of the body, which would make it look whole (RFC 9112 section 7.1).
  expect(proxy.received).toMatch(/begun\r\n$/);
  expect(proxy.answers()).toBe(1);
}, 10_000);

test('a request that waits for something that hangs is answered with 503 before it is cut off, and its late answer is none', async () => {
  let late: (() => void) | undefined;
  const { port, drain } = await start((_, response) => {
    late = () => {
      if (!response.headersSent) response.writeHead(200);
      response.end('too late');
    };
  });
  const proxy = await keep(port);
  proxy.ask('/');
  await waitUntil(() => late !== undefined);
  const startedAt = performance.now();
  await drain();
  late?.();
  expect(performance.now() - startedAt).toBeLessThan(4300);
  expect(proxy.error).toBeUndefined();
  expect(proxy.received).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: \d+\r\n/s);
  expect(proxy.received).toMatch(/\r\nConnection: close\r\n/);
  expect(proxy.received).toMatch(/\r\nX-Gatepost-Reason: shutting_down\r\n/);
  expect(proxy.answers()).toBe(1);
}, 15_000);

test('a login that waits for a provider gets the 503, and what comes of it later is no error', async () => {
  const told: LogEvent[] = [];
  const events = createEvents();
  events.on('log', (event) => told.push(event));
  // What is read late lets the login set its cookie, when its answer is out.
  const provider = createServer((_, response) => void setTimeout(() => response.end(metadata()), 4000));
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  clean.push(() => provider.close());
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  const metadata = () =>
    JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}authorize`,
      token_endpoint: `${issuer}token`,
      jwks_uri: `${issuer}keys`,
    });
  const application = `external_host: https://app.example.com\nissuer: ${issuer}`;
  const top = 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error }';
  const server = await startServer(parse(yaml({ top, application })), { events });
  const proxy = await keep(server.http.port);
  proxy.ask('/outpost.goauthentik.io/start?rd=/secret');
  await sleep(50);
  await server.close();
  expect(proxy.received).toMatch(/^HTTP\/1\.1 503 .*\r\nX-Gatepost-Reason: shutting_down\r\n/s);
  await waitUntil(() => told.some(({ event }) => event === 'provider.discovered'));
  // For what the login does then.
  await sleep(100);
  expect(told.filter(({ level }) => level === 'error')).toEqual([]);
  const message = 'GET /outpost.goauthentik.io/start: 503, this process is shutting down';
  expect(told).toContainEqual({ level: 'info', event: 'http.shutting_down', message });
}, 15_000);
