/** Requests of which the head alone is read, on a real socket. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ProxyRequest } from '../../src/http/unread_request.ts';

type Listener = (request: ProxyRequest, response: ServerResponse) => void;

async function dial(listener: Listener) {
  const server = createServer({ IncomingMessage: ProxyRequest }, listener as RequestListener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  const received: string[] = [];
  socket.setEncoding('latin1').on('data', (piece: string) => received.push(piece));
  onTestFinished(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { socket, bodies: () => received.join('').match(/<[^>]*>/g) ?? [] };
}

/** Answers each request with its target. */
const answer = (request: ProxyRequest, response: ServerResponse) => response.end(`<${request.url}>`);

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Trailer: b\r\n\r\n`;

// Attack: a body that is taken for the next request asks in the name of the proxy.
test.each([
  ['at once', (request: ProxyRequest, response: ServerResponse) => void answer(request, response)],
  ['after the whole message', (request, response) => void setTimeout(answer, 20, request, response)],
] as [string, Listener][])('requests in a row are answered in order, with bodies and without: %s', async (_, reply) => {
  const { socket, bodies } = await dial((request, response) => {
    request.leaveUnread();
    reply(request, response);
  });
  const hidden = get('/hidden');
  socket.write(
    get('/1') + post('/2', hidden) + get('/3') + chunked('/4') + post('/5', 'x'.repeat(300_000)) + get('/6'),
  );
  await vi.waitFor(() => expect(bodies()).toEqual(['</1>', '</2>', '</3>', '</4>', '</5>', '</6>']));
  // And on the connection as it is kept.
  socket.write(get('/7'));
  await vi.waitFor(() => expect(bodies().at(-1)).toBe('</7>'));
});

test('a request without a body emits nothing; one with a body ends and is closed', async () => {
  const events: string[] = [];
  const { socket, bodies } = await dial((request, response) => {
    request.leaveUnread();
    for (const name of ['end', 'close', 'error'] as const)
      request.once(name, () => void events.push(`${request.url} ${name}`));
    answer(request, response);
  });
  socket.write(get('/1') + post('/2', 'body'));
  await vi.waitFor(() => expect(bodies()).toHaveLength(2));
  await vi.waitFor(() => expect(events).toEqual(['/2 end', '/2 close']));
});

test('a handler that reads the body gets it', async () => {
  const { socket, bodies } = await dial(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.end(`<${Buffer.concat(chunks)}>`);
  });
  socket.write(get('/1') + post('/2', 'body') + chunked('/3'));
  await vi.waitFor(() => expect(bodies()).toEqual(['<>', '<body>', '<ab>']));
});

// Attack: ten thousand idle connections that each keep the headers of their last request.
test('an idle connection does not keep its last request', async () => {
  let last: (Socket & { parser?: { incoming: unknown } }) | undefined;
  const { socket, bodies } = await dial((request, response) => {
    request.leaveUnread();
    last = request.socket;
    answer(request, response);
  });
  socket.write(get('/1'));
  await vi.waitFor(() => expect(bodies()).toHaveLength(1));
  await nextTick();
  expect(last?.parser?.incoming).toBeNull();
});

test('a client that goes away before the answer does no harm', async () => {
  const closed: string[] = [];
  let arrived = 0;
  const { socket } = await dial((request, response) => {
    request.leaveUnread();
    arrived += 1;
    request.once('error', () => void closed.push('error'));
    response.once('close', () => void closed.push('close'));
    setTimeout(answer, 50, request, response);
  });
  socket.write(get('/1'));
  await vi.waitFor(() => expect(arrived).toBe(1));
  socket.destroy();
  await vi.waitFor(() => expect(closed).toContain('close'));
  await new Promise((resolve) => setTimeout(resolve, 80));
});
