import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createOutpostSocket, type SocketTimes } from '../../src/outpost/socket.ts';
import { atEnd } from './gate.ts';

const soon = { timeout: 10_000, interval: 5 };
const QUICK: SocketTimes = { handshakeMs: 300, helloMs: 20, silentMs: 100, closeMs: 100, retryMs: 10, maxRetryMs: 80 };

/** A server that does what a test wants of it, and a client that notes what it hears. */
async function start(times: Partial<SocketTimes> = {}) {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const mode = { status: 101, acks: true, answers: true };
  const attempts: { at: number; url: string; authorization: string | undefined }[] = [];
  const open: WebSocket[] = [];
  server.on('upgrade', (request, stream, head) => {
    const { url = '', headers } = request;
    attempts.push({ at: performance.now(), url, authorization: headers.authorization });
    if (!mode.answers) return;
    if (mode.status !== 101) return void stream.end(`HTTP/1.1 ${mode.status} No\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, stream, head, (socket) => {
      open.push(socket);
      socket.on('message', () => mode.acks && socket.send('{"instruction":0,"args":{}}'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const heard: string[] = [];
  const socket = createOutpostSocket({
    settings: { host: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/`, insecure: false },
    token: () => 'the token',
    pk: 'a-number',
    instanceId: 'an-instance',
    version: '1.2.3-rc.1',
    hostname: 'gw-1',
    random: () => 0.5,
    times: { ...QUICK, ...times },
    on: {
      acknowledged: () => void heard.push('acknowledged'),
      lost: ({ problem, refused }) => void heard.push(`${refused ? 'refused' : 'lost'} ${problem}`),
      changed: () => void heard.push('changed'),
      sessionEnded: (sid) => void heard.push(`ended ${sid}`),
      debug: (message) => void heard.push(`debug ${message}`),
    },
  });
  atEnd(async () => {
    await socket.close();
    server.closeAllConnections();
    server.close();
    sockets.close();
    for (const one of open) one.terminate();
  });
  return { mode, attempts, open, heard, socket };
}

test('it comes with the token, below the path of authentik, as one instance', async () => {
  const { attempts, heard } = await start();
  await vi.waitFor(() => expect(heard).toEqual(['acknowledged']), soon);
  expect(attempts).toMatchObject([
    { url: '/auth/ws/outpost/a-number/?instance_uuid=an-instance&attempt=1', authorization: 'Bearer the token' },
  ]);
});

test('a connection on which nobody answers is given up and made anew', async () => {
  const { mode, attempts, heard } = await start();
  await vi.waitFor(() => expect(heard).toEqual(['acknowledged']), soon);
  mode.acks = false;
  await vi.waitFor(() => expect(heard.some((line) => line.includes('has not answered'))).toBe(true), soon);
  mode.acks = true;
  await vi.waitFor(() => expect(heard.filter((line) => line === 'acknowledged')).toHaveLength(2), soon);
  expect(attempts.length).toBeGreaterThan(1);
});

test('a handshake that hangs is given up', async () => {
  const { mode, heard } = await start({ handshakeMs: 60 });
  mode.answers = false;
  await vi.waitFor(() => expect(heard.some((line) => line.includes('did not open'))).toBe(true), soon);
});

test('pauses double up to their bound, and are short again after the first answer', async () => {
  const { mode, attempts, open, heard } = await start();
  await vi.waitFor(() => expect(heard).toContain('acknowledged'), soon);
  mode.status = 403;
  open[0]?.terminate();
  await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(6), soon);
  expect(heard.filter((line) => line.startsWith('refused')).length).toBeGreaterThan(4);
  const pauses = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0));
  // A timer fires late, and never early.
  expect(pauses[4]).toBeGreaterThanOrEqual(75);
  mode.status = 101;
  await vi.waitFor(() => expect(heard.at(-1)).toBe('acknowledged'), soon);
  const before = attempts.length;
  open.at(-1)?.terminate();
  await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(before), soon);
});

test('session ends come in their order, and what is none is left alone', async () => {
  const { open, heard } = await start();
  await vi.waitFor(() => expect(heard).toEqual(['acknowledged']), soon);
  const [socket] = open;
  const sid = (letter: string) => letter.repeat(64);
  const end = (session_id: unknown) => ({ instruction: 4, args: { type: 'event.session.end', session_id } });
  const old = (sub_type: string, session_id: string) => ({
    instruction: 3,
    args: { type: 'event.provider.specific', sub_type, session_id },
  });
  for (const message of [
    end(sid('a')),
    old('logout', sid('b')),
    old('other', sid('c')),
    end('short'),
    end('../'.repeat(10)),
    end(7),
    { instruction: 4, args: null },
    { instruction: '2', args: {} },
  ])
    socket?.send(JSON.stringify(message));
  socket?.send('no JSON');
  socket?.send(Buffer.from('{"instruction":2,"args":{}}'));
  socket?.send('{"instruction":2,"args":{}}');
  await vi.waitFor(() => expect(heard.at(-1)).toBe('changed'), soon);
  expect(heard.filter((line) => line.startsWith('ended'))).toEqual([`ended ${sid('a')}`, `ended ${sid('b')}`]);
  expect(heard.filter((line) => line === 'changed')).toHaveLength(1);
  expect(heard.filter((line) => line.startsWith('debug')).length).toBeGreaterThan(5);
  expect(heard.some((line) => line.startsWith('lost'))).toBe(false);
});

test('a message of a mebibyte costs the connection, and no more', async () => {
  const { open, heard } = await start();
  await vi.waitFor(() => expect(heard).toEqual(['acknowledged']), soon);
  open[0]?.send('x'.repeat(2 ** 20));
  await vi.waitFor(() => expect(heard.filter((line) => line === 'acknowledged')).toHaveLength(2), soon);
});

test('its end says good-bye, and nothing is heard afterwards', async () => {
  const { open, heard, socket } = await start();
  await vi.waitFor(() => expect(heard).toEqual(['acknowledged']), soon);
  const code = new Promise((resolve) => open[0]?.once('close', resolve));
  await socket.close();
  expect(await code).toBe(1000);
  expect(heard).toEqual(['acknowledged']);
});
