import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/sessions/redis_url.ts';

test('one server', () => {
  expect(parseRedisUrl('redis://localhost')).toMatchObject({
    kind: 'single',
    nodes: [{ host: 'localhost', port: 6379 }],
    tls: false,
    database: 0,
    username: undefined,
    password: undefined,
    prefix: 'gatepost:',
  });
});

test('a password with anything in it, a database, TLS, IPv6', () => {
  expect(parseRedisUrl('rediss://gate:p%40ss%3A%2Fw@[::1]:6380/3?prefix=auth:')).toMatchObject({
    kind: 'single',
    nodes: [{ host: '::1', port: 6380 }],
    tls: true,
    username: 'gate',
    password: 'p@ss:/w',
    database: 3,
    prefix: 'auth:',
  });
  expect(parseRedisUrl('redis://:secret@redis')).toMatchObject({ username: undefined, password: 'secret' });
});

test('a cluster', () => {
  const nodes = [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ];
  expect(parseRedisUrl('redis://a:7000,b')).toMatchObject({ kind: 'cluster', nodes });
  expect(parseRedisUrl('redis://a:7000?cluster')).toMatchObject({ kind: 'cluster', nodes: [nodes[0]] });
});

test('sentinels', () => {
  expect(parseRedisUrl('redis://:data@s1,s2:26380/1?sentinel=main&sentinel_password=watch')).toMatchObject({
    kind: 'sentinel',
    nodes: [
      { host: 's1', port: 26_379 },
      { host: 's2', port: 26_380 },
    ],
    master: 'main',
    password: 'data',
    sentinelPassword: 'watch',
    database: 1,
  });
});

test.each([
  ['http://host', /form/],
  ['redis://', /form/],
  ['redis://host:port', /host:port/],
  ['redis://host/name', /number/],
  ['redis://a,b/1', /databases/],
  ['redis://a,b?cluster=false', /several/],
  ['redis://host?sentinal=x', /sentinal/],
])('%s is refused', (address, sentence) => {
  expect(() => parseRedisUrl(address)).toThrow(sentence);
});

test('what is wrong with an address is said without its password', () => {
  for (const address of [
    'redis://:hunter2@host:x',
    'redis://:hunter2@host/y',
    'redis://:hunter2@host?z',
    'redis:/:hunter2@host',
  ]) {
    let message = '';
    try {
      parseRedisUrl(address);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('hunter2');
  }
});
