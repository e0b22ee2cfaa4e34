/** A Redis that is too old for the protocol: what the log says of it. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createEvents, type LogEvent } from '../../../src/observe/events.ts';
import { describeError } from '../../../src/observe/log.ts';
import { openStore } from '../../../src/stores/open.ts';

/** Replies like Redis 5: it does not know HELLO, and repeats its arguments. */
async function startOldRedis() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const words = bytes.toString().match(/^[^*$\r].*$/gm) ?? [];
      const repeated = words.map((word) => `\`${word.trim()}\`, `).join('');
      socket.write(`-ERR unknown command \`HELLO\`, with args beginning with: ${repeated}\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('the log says what is wrong with it, and not the password that it repeats', async () => {
  const server = await startOldRedis();
  const { port } = server.address() as AddressInfo;
  const events = createEvents();
  const heard = once(events, 'log');
  const store = openStore(
    `redis://gatepost:correct-horse@127.0.0.1:${port}`,
    { now: Date.now, elapsed: () => performance.now() },
    events,
  );
  const [{ event, error }] = (await heard) as [LogEvent];
  await store.close();
  server.close();
  expect(event).toBe('store.unavailable');
  expect(describeError(error)).toContain('unknown command `HELLO`');
  expect(describeError(error)).not.toContain('correct-horse');
});
