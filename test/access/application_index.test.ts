import { expect, test } from 'vitest';
import { createApplicationIndex, type IndexedApplication } from '../../src/access/application_index.ts';
import { normalizeHost } from '../../src/http/host.ts';

const single = (external_host: string): IndexedApplication => ({ external_host, mode: 'forward_single' });
const domain = (external_host: string, cookie_domain: string): IndexedApplication => ({
  external_host,
  mode: 'forward_domain',
  cookie_domain,
});

test.each([
  ['App.Example.COM', 'https', 'app.example.com'],
  ['app.example.com.', 'https', 'app.example.com'],
  ['app.example.com.:8443', 'https', 'app.example.com:8443'],
  ['app.example.com:443', 'https', 'app.example.com'],
  ['app.example.com:80', 'https', 'app.example.com:80'],
  ['app.example.com:80', 'http', 'app.example.com'],
  ['[::1]:9000', 'http', '[::1]:9000'],
  ['a_b.example.com', 'https', 'a_b.example.com'],
] as const)('%s over %s is %s', (text, scheme, host) => expect(normalizeHost(text, scheme)).toBe(host));

test.each([
  '',
  '.',
  'a b',
  'a,b',
  'a@b',
  'a/b',
  'a:b',
  'a..b',
  'app.example.com..',
  '-a',
  'a:1:2',
  'ä.example.com',
  '[::1',
  'a\\b',
  'a?b',
  'a#b',
  'a:123456',
  // Attack: each of its dots is a domain to be looked for.
  `${'a.'.repeat(130)}com`,
])('%j is no host', (text) => expect(normalizeHost(text, 'https')).toBeUndefined());

test('an exact host comes before a domain, and the longest domain before a shorter one', () => {
  const app = single('https://app.example.com');
  const all = domain('https://auth.example.com', 'example.com');
  const team = domain('https://auth.team.example.com', 'team.example.com');
  const hosts = createApplicationIndex([all, app, team]);
  const found = [
    'app.example.com',
    'auth.example.com',
    'x.example.com',
    'example.com',
    'x.team.example.com',
    'a.b.team.example.com:8443',
  ];
  expect(found.map(hosts.find)).toEqual([app, all, all, all, team, team]);
  // Attack: a name that only ends in the same letters.
  expect(
    ['evilexample.com', 'example.com.evil', 'com', 'app.example.com.evil.org', 'other.org'].map(hosts.find),
  ).toEqual(Array(5).fill(undefined));
});

test('a port belongs to the host of an application', () => {
  const app = single('http://app.localhost:8080');
  const hosts = createApplicationIndex([app]);
  expect(hosts.find('app.localhost:8080')).toBe(app);
  expect(hosts.find('app.localhost')).toBeUndefined();
  expect(hosts.findByHostname('app.localhost')).toBe(app);
});

test('a missing port does matter where the name alone leaves two applications', () => {
  const hosts = createApplicationIndex([single('http://app.localhost:8080'), single('http://app.localhost:8081')]);
  expect(hosts.findByHostname('app.localhost')).toBeUndefined();
  expect(hosts.findByHostname('app.localhost:8081')).toMatchObject({ external_host: 'http://app.localhost:8081' });
});
