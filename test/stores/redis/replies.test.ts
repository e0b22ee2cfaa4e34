import { expect, test } from 'vitest';
import {
  readInteger,
  readIsClusterComplete,
  readIsClusterNode,
  readMasterAddress,
  readReservation,
  readRole,
} from '../../../src/stores/redis/replies.ts';

test('the replies of Redis are read', () => {
  expect(readIsClusterNode({ server: 'redis', mode: 'cluster' })).toBe(true);
  expect(readIsClusterNode({ server: 'redis', mode: 'standalone' })).toBe(false);
  expect(readIsClusterNode(Object.assign(Object.create(null), { server: 'a redis that says no mode' }))).toBe(false);
  expect(readRole(['master', 3129659, []])).toBe('master');
  expect(readRole(['slave', '127.0.0.1', 6379, 'connected', 1])).toBe('slave');
  expect(readMasterAddress(['10.0.0.1', '6379'])).toEqual({ host: '10.0.0.1', port: 6379 });
  expect(readMasterAddress(null)).toBeUndefined();
  expect(readIsClusterComplete('cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:16384\r\n')).toBe(true);
  expect(readIsClusterComplete('cluster_state:fail\r\ncluster_slots_ok:0\r\n')).toBe(false);
  expect(readInteger(3)).toBe(3);
  expect(readReservation([3, 1])).toEqual({ kind: 'reserved', count: 3, added: true });
  expect(readReservation([3, 0])).toEqual({ kind: 'reserved', count: 3, added: false });
  expect(readReservation([0, 1500])).toEqual({ kind: 'full', retryAfterMs: 1500 });
});

const replies = [
  undefined,
  null,
  '',
  'OK',
  0.5,
  Number.NaN,
  true,
  [],
  {},
  [null],
  [1],
  [['master']],
  ['host', 'port'],
  [1, 2],
];

test.each([
  ['HELLO', readIsClusterNode, [{}]],
  ['ROLE', readRole, [['host', 'port']]],
  ['SENTINEL', readMasterAddress, [null]],
  ['CLUSTER INFO', readIsClusterComplete, []],
  ['EVAL', readInteger, []],
  ['EVAL', readReservation, [[1, 2]]],
] as [
  string,
  (reply: unknown) => unknown,
  unknown[],
][])('another reply to %s is an error that names the command', (command, read, right) => {
  const wrong = replies.filter((reply) => !right.some((one) => JSON.stringify(one) === JSON.stringify(reply)));
  for (const reply of wrong) expect(() => read(reply), JSON.stringify(reply)).toThrow(`the reply to ${command}`);
});
