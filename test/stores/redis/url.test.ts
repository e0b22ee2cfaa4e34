import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/stores/redis/url.ts';

test('one server', () => {
  expect(parseRedisUrl('redis://localhost')).toEqual({
    kind: 'single',
    nodes: [{ host: 'localhost', port: 6379 }],
    tls: false,
    database: 0,
    username: undefined,
    password: undefined,
    master: undefined,
  });
});

test('a password with anything in it, a database, TLS, IPv6', () => {
  expect(parseRedisUrl('rediss://gate:p%40ss%3A%2Fw@[::1]:6380/3')).toMatchObject({
    kind: 'single',
    nodes: [{ host: '::1', port: 6380 }],
    tls: true,
    username: 'gate',
    password: 'p@ss:/w',
    database: 3,
  });
  expect(parseRedisUrl('redis://:secret@redis')).toMatchObject({ username: undefined, password: 'secret' });
});

test('a cluster', () => {
  const nodes = [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ];
  expect(parseRedisUrl('redis+cluster://a:7000,b')).toMatchObject({ kind: 'cluster', nodes, tls: false });
  expect(parseRedisUrl('rediss+cluster://a:7000')).toMatchObject({ kind: 'cluster', nodes: [nodes[0]], tls: true });
  expect(parseRedisUrl('redis://a:7000,b')).toMatchObject({ kind: 'cluster', nodes });
});

test('sentinels', () => {
  const nodes = [
    { host: 's1', port: 26_379 },
    { host: 's2', port: 26_380 },
  ];
  expect(parseRedisUrl('redis+sentinel://:data@s1,s2:26380/main/1')).toMatchObject({
    kind: 'sentinel',
    nodes,
    master: 'main',
    password: 'data',
    database: 1,
  });
  expect(parseRedisUrl('redis+sentinel://s1/main')).toMatchObject({ master: 'main', database: 0 });
});

test.each([
  ['http://host', /form/],
  ['redis://', /form/],
  ['redis://host?x=y', /form/],
  ['redis://host:port', /host:port/],
  ['redis://host/name', /number/],
  ['redis+cluster://a,b/1', /databases/],
  ['redis+sentinel://a', /master/],
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
