/** `sendWhole` against `writeHead` and `end` on a real socket: the same bytes, whatever the request. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { canSendWhole, sendWhole, type Whole } from '../../src/http/whole_response.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.useRealTimers();
});

/** All that a server with `listener` sends for what comes on one connection. */
async function exchange(listener: RequestListener, sent: string): Promise<string> {
  const server = createServer({ keepAliveTimeout: 120_000 }, listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.end(sent, 'latin1'));
    socket.setEncoding('latin1').on('data', (piece) => {
      received += piece;
    });
    socket.once('end', () => resolve(received)).once('error', reject);
  });
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const whole = (body: string, more: string[] = [], status = 200): Whole => ({
  status,
  headers: ['Cache-Control', 'no-store', ...more],
  body,
});

test('this version of Node takes a head that it has not rendered', () => {
  expect(canSendWhole).toBe(true);
});

test.each([
  ['a response without a body', GET, whole('')],
  ['a body of more than ASCII', GET, whole('Łukasz: é\n', ['Content-Type', 'text/plain; charset=utf-8'], 401)],
  ['bytes above ASCII in a header, and a name twice', GET, whole('', ['X-Name', 'Å\x81', 'X-Name', 'b'], 403)],
  ['a status without a text', GET, whole('', [], 599)],
  ['requests in a row that came together', GET + GET + GET, whole('é')],
  ['HEAD', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', whole('text')],
  ['Connection: close', GET.replace('Host', 'Connection: close\r\nHost'), whole('text')],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', whole('text')],
  ['HTTP/1.0 that keeps the connection', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', whole('text')],
  ['a request with a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab', whole('text')],
])('%s has the same bytes as by writeHead', async (_, sent, answer) => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
  const plain = await exchange((_, response) => {
    const headers = [...answer.headers, 'Content-Length', String(Buffer.byteLength(answer.body))];
    response.writeHead(answer.status, headers).end(answer.body);
  }, sent);
  const ours = await exchange((_, response) => sendWhole(response, answer), sent);
  // Node keeps its own date for up to a second.
  const undated = (text: string) => text.replaceAll(/^Date: .*$/gm, 'Date');
  expect(undated(ours)).toBe(undated(plain));
  expect(plain).toContain(`HTTP/1.1 ${answer.status} `);
  expect(ours).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/m);
});

test('a response that is sent again has the date of its own second', async () => {
  const again: Whole = { ...whole('text'), repeated: true };
  const dateOf = async () =>
    /^Date: (.*)\r$/m.exec(await exchange((_, response) => sendWhole(response, again), GET))?.[1];
  vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_999 });
  expect(await dateOf()).toBe('Tue, 14 Nov 2023 22:13:20 GMT');
  vi.setSystemTime(1_700_000_001_000);
  expect(await dateOf()).toBe('Tue, 14 Nov 2023 22:13:21 GMT');
});

// Attack: a claim or a configured value with a line break begins a header of the writer's choice, or a second response.
test.each([
  ['a line feed in a value', ['X-Name', 'a\r\nX-Admin: yes']],
  ['a line feed in a name', ['X-Name: a\r\nX-Admin', 'yes']],
  ['a character that is no byte', ['X-Name', 'Ł']],
  ['an empty name', ['', 'a']],
])('%s is an error, and nothing is sent', async (_, more) => {
  const thrown: unknown[] = [];
  const received = await exchange((_, response) => {
    for (const repeated of [undefined, true] as const) {
      try {
        sendWhole(response, { ...whole('', more), ...(repeated && { repeated }) });
      } catch (error) {
        thrown.push(error);
      }
    }
    response.destroy();
  }, GET).catch(() => '');
  expect(thrown).toHaveLength(2);
  expect(received).toBe('');
});
