/** The heartbeats of a server whose replies take long, or that is silent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { parseStoreUrl } from '../../../src/config/schema/store_url.ts';
import { createNodeClient } from '../../../src/stores/redis/client.ts';
import { createHeartbeats } from '../../../src/stores/redis/heartbeat.ts';
import { redisTarget } from '../../../src/stores/redis/target.ts';

/** A client whose pings are answered when the test says so, in their order. */
function makeClient() {
  const address = parseStoreUrl('redis://127.0.0.1');
  if (address.kind !== 'redis') throw new TypeError('no address of Redis');
  const node = { host: '127.0.0.1', port: 6379 };
  const client = createNodeClient(redisTarget(address, { prefix: 'p:' }), { resp3: false, tracking: false }, node);
  const answers: (() => void)[] = [];
  vi.spyOn(client, 'ping').mockImplementation(() => new Promise((resolve) => answers.push(() => resolve('PONG'))));
  return { client, answers };
}

test('a reply that takes longer than a beat does not hold up the next ping', async () => {
  const { client, answers } = makeClient();
  const heartbeats = createHeartbeats();
  heartbeats.start([client]);
  heartbeats.beat([client]);
  await sleep(60);
  heartbeats.beat([client]);
  expect(answers).toHaveLength(2);
  answers.shift()?.();
  await sleep(0);
  expect(heartbeats.ageMs()).toBeGreaterThanOrEqual(55);
  // The second one is still owed.
  await sleep(20);
  expect(heartbeats.silenceMs()).toBeGreaterThanOrEqual(15);
  const before = heartbeats.ageMs();
  answers.shift()?.();
  await sleep(0);
  expect(heartbeats.silenceMs()).toBe(0);
  expect(heartbeats.ageMs()).toBeLessThan(before);
});

test('Attack: a silent server stays silent, however many pings it was sent', async () => {
  const { client, answers } = makeClient();
  const heartbeats = createHeartbeats();
  heartbeats.start([client]);
  for (let beats = 0; beats < 100; beats++) heartbeats.beat([client]);
  await sleep(30);
  expect(heartbeats.silenceMs()).toBeGreaterThanOrEqual(25);
  expect(heartbeats.ageMs()).toBeGreaterThanOrEqual(25);
  expect(answers).toHaveLength(50);
});
