import { describe, expect, test } from 'vitest';
import { createApplicationIndex, type IndexedApplication } from '../../src/access/application_index.ts';
import { normalizeHost } from '../../src/http/host.ts';

const single = (external_host: string): IndexedApplication => ({ external_host, mode: 'forward_single' });
const domain = (external_host: string, cookie_domain: string): IndexedApplication => ({
  external_host,
  mode: 'forward_domain',
  cookie_domain,
});

test.each([
  ['App.Example.COM', 'app.example.com'],
  ['app.example.com.', 'app.example.com'],
  ['app.example.com.:8443', 'app.example.com:8443'],
  ['app.example.com:443', 'app.example.com'],
  ['app.example.com:80', 'app.example.com'],
  ['app.example.com:65535', 'app.example.com:65535'],
  ['[::1]:9000', '[::1]:9000'],
  ['[::1]:443', '[::1]'],
  ['[::80]', '[::80]'],
  ['a_b.example.com', 'a_b.example.com'],
])('%s is %s', (text, host) => expect(normalizeHost(text)).toBe(host));

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
  // Attack: a port that a proxy reads as 80 or drops, and that is another text.
  'a:',
  'a:0',
  'a:080',
  'a:65536',
  'a:80.',
  'a:+80',
  'a:80:80',
  'a.:.:80',
  '[::1].',
  '[::1]:',
  // Attack: each of its dots is a domain to be looked for.
  `${'a.'.repeat(130)}com`,
])('%j is no host', (text) => expect(normalizeHost(text)).toBeUndefined());

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

// Attack: the client writes a port, the proxy serves the site by its name, and the domain around it lets anybody in.
describe('a name that is the application of its own', () => {
  const all = domain('https://auth.example.com', 'example.com');
  const admin = single('https://admin.example.com');
  const dev = single('http://dev.example.com:8080');
  const hosts = createApplicationIndex([all, admin, dev]);

  test.each([
    'admin.example.com:81',
    'admin.example.com:8080',
    'dev.example.com',
    'dev.example.com:81',
  ])('%s never falls through to the domain', (host) => expect(hosts.find(host)).toBeUndefined());

  test('the address that is known can be named', () => {
    expect(hosts.addressesOf('admin.example.com:81')).toEqual(['https://admin.example.com']);
    expect(hosts.addressesOf('dev.example.com')).toEqual(['http://dev.example.com:8080']);
    expect(hosts.addressesOf('other.example.com:81')).toEqual([]);
  });

  test('at a browser endpoint a port may be missing, but no other stand there', () => {
    expect(hosts.findByHostname('dev.example.com')).toBe(dev);
    expect(hosts.findByHostname('dev.example.com:81')).toBeUndefined();
    expect(hosts.findByHostname('admin.example.com:81')).toBeUndefined();
    expect(hosts.findByHostname('other.example.com:81')).toBe(all);
  });

  test('a name with its only ports at two applications is neither of them, nor the domain', () => {
    const two = createApplicationIndex([
      all,
      single('http://dev.example.com:1000'),
      single('http://dev.example.com:2000'),
    ]);
    expect(two.findByHostname('dev.example.com')).toBeUndefined();
    expect(two.find('dev.example.com:3000')).toBeUndefined();
  });

  test('an external_host with port 443 or 80 is known without, whatever its scheme', () => {
    const odd = single('http://odd.example.com:443');
    expect(createApplicationIndex([all, odd]).find('odd.example.com')).toBe(odd);
  });

  // Attack: the domain's own address shares its name with an application for admins on another port.
  test('a name that the domain shares with an application is the domain only at its own address', () => {
    const shared = single('https://auth.example.com:8443');
    const index = createApplicationIndex([all, shared]);
    expect(index.find('auth.example.com')).toBe(all);
    expect(index.find('auth.example.com:8443')).toBe(shared);
    expect(index.find('auth.example.com:81')).toBeUndefined();
    expect(index.addressesOf('auth.example.com:81')).toEqual([all.external_host, shared.external_host]);
    expect(index.find('x.example.com:81')).toBe(all);
    expect(index.areDifferent('auth.example.com:81', 'auth.example.com:8443')).toBe(false);
    expect(index.areDifferent('auth.example.com', 'auth.example.com:8443')).toBe(true);
  });

  test('the address of a domain, too, is not another domain by its port', () => {
    const outer = domain('https://auth.team.example.com:8443', 'example.com');
    const team = domain('https://team.example.com', 'team.example.com');
    const nested = createApplicationIndex([outer, team]);
    expect(nested.find('auth.team.example.com:8443')).toBe(outer);
    expect(nested.find('auth.team.example.com:81')).toBeUndefined();
    expect(nested.find('x.team.example.com:81')).toBe(team);
  });
});

describe('two hosts of one request', () => {
  const all = domain('https://auth.example.com', 'example.com');
  const admin = single('https://admin.example.com');
  const dev = single('http://dev.example.com:8080');
  const { areDifferent } = createApplicationIndex([all, admin, dev, single('http://dev.example.com:8081')]);

  test.each([
    ['admin.example.com', 'x.example.com'],
    ['x.example.com', 'admin.example.com'],
    // Attack: a port that is nobody's hides whose name it is.
    ['admin.example.com:81', 'x.example.com'],
    ['dev.example.com', 'x.example.com'],
    ['dev.example.com:8081', 'dev.example.com:8080'],
    ['x.example.com:81', 'admin.example.com'],
  ])('%s and %s are two applications', (host, urlHost) => expect(areDifferent(host, urlHost)).toBe(true));

  test.each([
    ['one.example.com', 'two.example.com'],
    ['dev.example.com', 'dev.example.com:8080'],
    ['dev.example.com:9999', 'dev.example.com:8081'],
    ['admin.example.com:81', 'admin.example.com'],
    ['gatepost:9000', 'admin.example.com'],
    ['admin.example.com', 'unknown.example.org'],
  ])('%s and %s are not', (host, urlHost) => expect(areDifferent(host, urlHost)).toBe(false));
});
