/** Clients that go away, or are slow, in the midst of what they send: no fault of Gatepost, and no cost to others. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { withBodyDeadline } from '../../src/server/body_deadline.ts';
import { startServer } from '../../src/server/server.ts';
import { parse, yaml } from '../config/example.ts';
import { waitUntil } from '../support/wait.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

const OUTPOST = '/outpost.goauthentik.io';
const FORM = 'Host: app.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n';

/** A connection that sends `text`; what it receives is in `received`. */
async function send(port: number, text: string) {
  const socket = connect(port, '127.0.0.1');
  clean.push(() => socket.destroy());
  const client = { socket, received: '', closed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    client.closed = true;
  });
  socket.setEncoding('latin1').on('data', (chunk) => {
    client.received += chunk;
  });
  await once(socket, 'connect');
  socket.write(text);
  return client;
}

/** Gatepost, and whatever an operator would raise an alarm for. */
async function start() {
  const events = createEvents();
  const alarms: unknown[] = [];
  // The provider of this configuration is down, which is said again and again.
  let isSaid = false;
  events.on('log', (event) => {
    if (event.event === 'provider.unavailable') isSaid = true;
    else if (event.level === 'error' || event.level === 'warn') alarms.push(event);
  });
  const count = (event: { status: number }) => {
    if (event.status >= 500) alarms.push(event);
  };
  events.on('decision', count);
  events.on('signin', count);
  const application = 'external_host: https://app.example.com\nissuer: http://127.0.0.1:9/';
  const config = parse(
    yaml({ top: 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error }', application }),
  );
  const server = await startServer(config, { events });
  clean.push(() => server.close());
  await waitUntil(() => isSaid);
  return { port: server.http.port, alarms };
}

const BODIES: Record<string, string> = {
  'with a length': `${FORM}Content-Length: 5000\r\n\r\nlogout_token=abc`,
  'in chunks': `${FORM}Transfer-Encoding: chunked\r\n\r\n10\r\nlogout_token=abc\r\n`,
  'with Expect': `${FORM}Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n`,
  'that is none': `${FORM}Transfer-Encoding: chunked\r\n\r\nno chunk\r\n`,
};

const LEAVINGS: Record<string, (socket: Socket) => void> = {
  'closes its connection': (socket) => socket.end(),
  'resets its connection': (socket) => socket.resetAndDestroy(),
};

for (const [body, text] of Object.entries(BODIES)) {
  for (const [leaving, leave] of Object.entries(LEAVINGS)) {
    test(`a client that ${leaving} in the midst of a body ${body} causes no alarm`, async () => {
      const { port, alarms } = await start();
      const paths = ['backchannel_logout', 'callback', 'sign_out', 'session', 'start', 'auth/traefik', 'ping'];
      const clients = await Promise.all(paths.map((path) => send(port, `POST ${OUTPOST}/${path} HTTP/1.1\r\n${text}`)));
      await sleep(50);
      for (const { socket } of clients) leave(socket);
      await waitUntil(() => clients.every(({ closed }) => closed));
      const live = await fetch(`http://127.0.0.1:${port}/-/health/live`, { headers: { connection: 'close' } });
      expect(live.status).toBe(200);
      // The auth request lacks the headers of its proxy: that is its 500.
      expect(alarms.filter((event) => !JSON.stringify(event).includes('configuration_error'))).toEqual([]);
    });
  }
}

test('a client that resets its connection while it is answered causes no alarm', async () => {
  const { port, alarms } = await start();
  const clients = await Promise.all(
    Array.from({ length: 20 }, () =>
      send(port, `GET ${OUTPOST}/sign_out HTTP/1.1\r\nHost: app.example.com\r\n\r\n`.repeat(50)),
    ),
  );
  for (const { socket } of clients) socket.resetAndDestroy();
  await waitUntil(() => clients.every(({ closed }) => closed));
  await fetch(`http://127.0.0.1:${port}/-/health/live`, { headers: { connection: 'close' } });
  expect(alarms).toEqual([]);
});

/** A server that never responds by itself to a request with a body, and at once to any other. */
async function startWaiting(limits: Parameters<typeof withBodyDeadline>[1], listener?: RequestListener) {
  const answer: RequestListener = (request, response) => {
    if (request.method === 'GET') response.end('at once');
    else request.resume();
  };
  const server = createServer(withBodyDeadline(listener ?? answer, limits)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  clean.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const SLOW = `POST / HTTP/1.1\r\n${FORM}Content-Length: 5000\r\n\r\nlogout_token=abc`;

test('a body that does not come is answered with 408 and the end of the connection', async () => {
  const port = await startWaiting({ timeoutMs: 50 });
  const slow = await send(port, SLOW);
  await waitUntil(() => slow.closed);
  expect(slow.received).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s);
  expect(slow.received).toMatch(/\r\nX-Gatepost-Reason: request_timeout\r\n/);
});

test('attack: a body that never comes while the handler waits for a provider: what the handler does later ends no process', async () => {
  const later: (() => void)[] = [];
  const port = await startWaiting({ timeoutMs: 50 }, (_, response) => {
    later.push(() => response.setHeader('Set-Cookie', 'a=b'));
    later.push(() => response.writeHead(302, { Location: '/' }).end('go on'));
  });
  const slow = await send(port, SLOW);
  await waitUntil(() => slow.received !== '');
  for (const step of later) expect(step).not.toThrow();
  await waitUntil(() => slow.closed);
  expect(slow.received.split('HTTP/1.1 ')).toHaveLength(2);
  expect(slow.received).toMatch(/^HTTP\/1\.1 408 /);
});

test('a body that never comes, behind a request whose answer is not there yet, ends the connection', async () => {
  const port = await startWaiting({ timeoutMs: 50 }, () => {});
  const client = await send(port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${SLOW}`);
  await waitUntil(() => client.closed);
  // A 408 would be taken for the answer to the first one.
  expect(client.received).toBe('');
});

test('a body that does not come after its response ends the connection: the next request would be taken for it', async () => {
  const port = await startWaiting({ timeoutMs: 50 }, (_, response) => response.end('early'));
  const client = await send(port, SLOW);
  await waitUntil(() => client.closed);
  expect(client.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*early$/);
});

test('a body that is there in time is waited for no longer, however long its response takes', async () => {
  const port = await startWaiting({ timeoutMs: 50 }, (request, response) => {
    request.resume();
    setTimeout(() => response.end('late'), 200);
  });
  const body = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';
  const client = await send(port, `${body}abc`);
  await waitUntil(() => client.received.endsWith('late'));
  expect(client.received).toMatch(/^HTTP\/1\.1 200 /);
  expect(client.closed).toBe(false);
});

test('where many bodies are waited for, the oldest one gives way', async () => {
  const port = await startWaiting({ timeoutMs: 3_600_000, maxWaiting: 2 });
  const first = await send(port, SLOW);
  await sleep(20);
  const others = [await send(port, SLOW)];
  await sleep(20);
  others.push(await send(port, SLOW));
  await waitUntil(() => first.closed);
  expect(first.received).toMatch(/^HTTP\/1\.1 408 /);
  expect(others.map(({ closed, received }) => ({ closed, received }))).toEqual([
    { closed: false, received: '' },
    { closed: false, received: '' },
  ]);
});
