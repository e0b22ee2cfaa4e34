import { describe, expect, test } from 'vitest';
import { parseStoreUrl, storeUrl } from '../../../src/config/schema/store_url.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { openStore } from '../../../src/stores/open.ts';

test('one server', () => {
  expect(parseStoreUrl('redis://localhost')).toEqual({
    kind: 'redis',
    topology: 'single',
    nodes: [{ host: 'localhost', port: 6379 }],
    tls: false,
    database: 0,
    username: undefined,
    password: undefined,
  });
});

test('a password with anything in it, a database, TLS, IPv6', () => {
  expect(parseStoreUrl('rediss://gate:p%40ss%3A%2Fw%25@[::1]:6380/3')).toMatchObject({
    topology: 'single',
    nodes: [{ host: '::1', port: 6380 }],
    tls: true,
    username: 'gate',
    password: 'p@ss:/w%',
    database: 3,
  });
  expect(parseStoreUrl('redis://:secret@redis')).toMatchObject({ username: undefined, password: 'secret' });
  expect(parseStoreUrl('redis://:se:cret@redis')).toMatchObject({ username: undefined, password: 'se:cret' });
});

test('a cluster', () => {
  const nodes = [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ];
  expect(parseStoreUrl('redis+cluster://a:7000,b')).toMatchObject({ topology: 'cluster', nodes, tls: false });
  expect(parseStoreUrl('rediss+cluster://a:7000')).toMatchObject({ topology: 'cluster', nodes: [nodes[0]], tls: true });
  expect(parseStoreUrl('redis://a:7000,b')).toMatchObject({ topology: 'cluster', nodes });
});

test('sentinels', () => {
  const nodes = [
    { host: 's1', port: 26_379 },
    { host: 's2', port: 26_380 },
  ];
  expect(parseStoreUrl('redis+sentinel://:data@s1,s2:26380/main/1')).toMatchObject({
    topology: 'sentinel',
    nodes,
    master: 'main',
    password: 'data',
    database: 1,
  });
  expect(parseStoreUrl('redis+sentinel://s1/main')).toMatchObject({ master: 'main', database: 0 });
});

test('a folder', () => {
  expect(parseStoreUrl('file:///var/lib/gatepost')).toEqual({ kind: 'file', folder: '/var/lib/gatepost' });
  expect(parseStoreUrl('FILE:///var/lib/my%20folder')).toEqual({ kind: 'file', folder: '/var/lib/my folder' });
});

const accepted = [
  'memory',
  'file:///var/lib/gatepost',
  'File:///var/lib/gate post/',
  'file:///a%20b',
  'redis://h',
  'REDIS://h',
  'Rediss://h/3',
  'redis://h:1',
  'redis://h/',
  'redis://u@h',
  'redis://u:@h',
  'redis://:p@h',
  'redis://@h',
  'redis://u:p%40@h:6379/0',
  'redis://[::1]',
  'redis://[2001:db8::1]:6379',
  'redis://a:1,b:2',
  'redis://u:p@a:1,b:2/0',
  'redis+cluster://a',
  'rediss+Cluster://a:1,b:2,[::1]:3',
  'redis+cluster://a/',
  'redis+sentinel://a/m',
  'redis+SENTINEL://:p@a:1,b:2/m/3',
  'redis+sentinel://a/my%20master/',
];

const refused = [
  '',
  'Memory',
  'memory ',
  'memorie',
  'disk',
  'http://redis',
  'file:',
  'file://',
  'file:///',
  'file:////',
  'file:///.',
  'file:///..',
  'file://host/folder',
  'file:/var/lib',
  'file:relative',
  'file:///a%2Fb',
  'file:///a%00b',
  'file:///a%zz',
  'file:///a?b',
  'file:///a#b',
  'file:///a\tb',
  'file:///a\nb',
  'redis:',
  'redis://',
  'redis:h',
  'redis:/h',
  'redis:///3',
  'redis://h?x=y',
  'redis://h#x',
  'redis://h h',
  'redis://h:',
  'redis://h:port',
  'redis://h:0',
  'redis://h:65536',
  'redis://h:123456',
  'redis://h/name',
  'redis://h/0/0',
  'redis://h/-1',
  'redis://h/12345678901',
  'redis://,',
  'redis://a,',
  'redis://a,,b',
  'redis://a:1,b:2/3',
  'redis://[::1',
  'redis://[1:2]',
  'redis://::1',
  'redis://u:p%zz@h',
  'redis://%:p@h',
  'redis://u:p@ss@h',
  'redis://u:p/w@h',
  'redis://u:p w@h',
  'redis+cluster://',
  'redis+cluster://a:1/3',
  'redis+sentinel://a:1',
  'redis+sentinel://a:1/',
  'redis+sentinel://a:1//3',
  'redis+sentinel://a:1/m/x',
  'redis+sentinel://a:1/m/1/2',
  'redis+sentinel://a:1/%zz',
  'redis+other://a',
  'rediss+://a',
  'redisss://a',
];

/** Whether a store opens at an address: on this machine only, as opening begins to connect. */
async function opens(url: string): Promise<boolean> {
  try {
    await openStore(url, { now: Date.now, elapsed: () => performance.now() }, createEvents()).close();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return false;
  }
}

describe('the configuration accepts what the store opens, and nothing else', () => {
  test.each(accepted)('%j is accepted', (url) => {
    expect(storeUrl().safeParse(url)).toMatchObject({ success: true, data: url });
    expect(parseStoreUrl(url).kind).toBe(/^memory|^file|^redis/i.exec(url)![0].toLowerCase());
  });

  test.each([
    'memory',
    'REDIS://127.0.0.1:1',
    'redis://127.0.0.1:1,127.0.0.1:2',
    'redis+sentinel://127.0.0.1:1/my%20master/',
  ])('%j is accepted and opens', async (url) => {
    expect(storeUrl().safeParse(url).success).toBe(true);
    expect(await opens(url)).toBe(true);
  });

  test.each(refused)('%j is refused', async (url) => {
    expect(storeUrl().safeParse(url).success).toBe(false);
    expect(await opens(url)).toBe(false);
  });

  test('an address with one character changed, added or removed is read or refused, alike by both', () => {
    const schema = storeUrl();
    const texts = accepted.flatMap((url) => [...withOneChange(url)]);
    const different = texts.filter((text) => schema.safeParse(text).success !== parses(text));
    expect(texts.length).toBeGreaterThan(5000);
    expect(different).toEqual([]);
  });
});

function* withOneChange(url: string): Generator<string> {
  for (let at = 0; at <= url.length; at++) {
    yield url.slice(0, at) + url.slice(at + 1);
    for (const character of ':/@,%?#[] 0z') {
      yield url.slice(0, at) + character + url.slice(at);
      yield url.slice(0, at) + character + url.slice(at + 1);
    }
  }
}

/** Throws what is not a sentence of the parser: it would end the process at its start. */
function parses(text: string): boolean {
  try {
    parseStoreUrl(text);
    return true;
  } catch (error) {
    if (error instanceof TypeError && /^must /.test(error.message)) return false;
    throw error;
  }
}

test.each([
  ['redis://host:port', /host:port/],
  ['redis://host/name', /number/],
  ['redis://u:p%zz@h', /% itself is %25/],
  ['redis+cluster://a,b/1', /database/],
  ['redis+sentinel://a', /master/],
  ['http://host', /one of memory/],
  ['file://host/folder', /three slashes/],
])('%s is refused with a sentence that says what to write', (url, sentence) => {
  expect(() => parseStoreUrl(url)).toThrow(sentence);
});

test('an error about an address does not contain its password', () => {
  for (const url of [
    'redis://:hunter2@host:x',
    'redis://:hunter2@host/y',
    'redis://:hunter2@host?z',
    'redis:/:hunter2@host',
    'redis://:hunter2%zz@host',
    'redis://u:hunter2@a,b/3',
    'redis+sentinel://u:hunter2@a',
  ]) {
    const { error } = storeUrl().safeParse(url);
    expect(error?.issues).toHaveLength(1);
    expect(error!.issues[0]!.message).toMatch(/^must /);
    expect(error!.issues[0]!.message).not.toContain('hunter2');
    expect(() => parseStoreUrl(url)).toThrow(error!.issues[0]!.message);
  }
});
