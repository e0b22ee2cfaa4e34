import { describe, expect, test } from 'vitest';
import { createApplicationIndex, type IndexedApplication } from '../../src/access/application_index.ts';
import { normalizeHost } from '../../src/http/host.ts';
import { hostOf } from '../../src/http/url.ts';

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

// Attack: with the port of a wildcard behind it, a longer name is no host any more, and the decision an internal error.
test('a name of 253 characters is a host, with whatever port, and a longer one is none', () => {
  const name = (length: number) => `${'a'.repeat(length - '.dev.example.com'.length)}.dev.example.com`;
  expect(normalizeHost(`${name(253)}.:65535`)).toBe(`${name(253)}:65535`);
  expect(normalizeHost(name(254))).toBeUndefined();
  expect(normalizeHost(`${name(254)}:443`)).toBeUndefined();
  const site = { ...single('https://example.com'), hosts: ['https://*.dev.example.com:8443'] };
  const [address = ''] = createApplicationIndex<IndexedApplication>([site]).addressesOf(name(253));
  expect(hostOf(address)).toBe(`${name(253)}:8443`);
});

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

describe('further hosts of one application', () => {
  interface App extends IndexedApplication {
    at(address: string): App;
  }
  const app = (external_host: string, hosts: string[], cookie_domain?: string): App => ({
    external_host,
    hosts,
    mode: cookie_domain ? 'forward_domain' : 'forward_single',
    cookie_domain,
    at: (address) => ({ ...app(address, []), at: app(address, []).at }),
  });
  const site = app('https://example.org', ['https://www.example.org', 'http://example.test:8080']);
  const apps = app('https://apps.example.com', ['https://*.apps.example.com', 'https://*.dev.example.com:8443']);
  const own = app('https://own.apps.example.com', []);
  const port = app('https://port.apps.example.com:9443', []);
  const all = app('https://auth.example.com', ['https://www.example.net', 'https://*.lab.example.com'], 'example.com');
  const index = createApplicationIndex([site, apps, own, port, all]);

  test.each([
    ['example.org', 'https://example.org'],
    ['www.example.org', 'https://www.example.org'],
    ['example.test:8080', 'http://example.test:8080'],
    ['apps.example.com', 'https://apps.example.com'],
    ['a.apps.example.com', 'https://a.apps.example.com'],
    ['a.dev.example.com:8443', 'https://a.dev.example.com:8443'],
    // The exact one comes before the wildcard.
    ['own.apps.example.com', 'https://own.apps.example.com'],
    ['port.apps.example.com:9443', 'https://port.apps.example.com:9443'],
    // One that has its own cookie beside the domain's.
    ['www.example.net', 'https://www.example.net'],
    ['a.lab.example.com', 'https://a.lab.example.com'],
    // A wildcard is one label: the domain has the others.
    ['a.b.apps.example.com', 'https://auth.example.com'],
    ['dev.example.com', 'https://auth.example.com'],
    ['x.example.com', 'https://auth.example.com'],
    ['a.lab.example.com:81', 'https://auth.example.com'],
  ])('%s is found as %s', (host, address) => expect(index.find(host)?.external_host).toBe(address));

  test('all but the cookie’s host is that of the application', () => {
    expect(index.find('example.org')).toBe(site);
    expect(index.find('www.example.net')).toMatchObject({ mode: 'forward_single', cookie_domain: undefined });
    expect(index.find('a.apps.example.com')).toBe(index.find('a.apps.example.com'));
  });

  // Attack: the client writes a port, the proxy serves the site by its name, and the domain around it lets anybody in.
  test.each([
    'www.example.org:81',
    'example.test',
    'apps.example.com:81',
    'a.apps.example.com:81',
    'a.dev.example.com',
    'a.dev.example.com:81',
    'own.apps.example.com:81',
    // Not the wildcard's either: the name is another application's.
    'port.apps.example.com',
    'a.www.example.org',
  ])('%s is none', (host) => expect(index.find(host)).toBeUndefined());

  test('a name whose wildcard is another application’s is not the domain’s, even where its own address has it', () => {
    const auth = app('https://auth.apps.example.com:9443', [], 'example.com');
    for (const wildcard of ['https://*.apps.example.com', 'https://*.apps.example.com:8443']) {
      const two = createApplicationIndex([auth, app('https://w.example.com', [wildcard])]);
      expect(two.find('auth.apps.example.com:9443')).toBe(auth);
      expect(two.find('auth.apps.example.com')).toBeUndefined();
      expect(two.find('auth.apps.example.com:81')).toBeUndefined();
    }
  });

  test('at a browser endpoint a port may be missing', () => {
    expect(index.findByHostname('example.test')?.external_host).toBe('http://example.test:8080');
    expect(index.findByHostname('a.dev.example.com')?.external_host).toBe('https://a.dev.example.com:8443');
    expect(index.findByHostname('port.apps.example.com')).toBe(port);
    expect(index.findByHostname('a.dev.example.com:81')).toBeUndefined();
  });

  test('the addresses that are known can be named', () => {
    expect(index.addressesOf('example.test')).toEqual(['http://example.test:8080']);
    expect(index.addressesOf('a.dev.example.com')).toEqual(['https://a.dev.example.com:8443']);
    expect(index.addressesOf('www.other.org')).toEqual([]);
  });

  test('its hosts are one application to each other, and others to the rest', () => {
    const { areDifferent } = index;
    expect(areDifferent('example.org', 'www.example.org')).toBe(false);
    expect(areDifferent('a.apps.example.com', 'b.apps.example.com')).toBe(false);
    expect(areDifferent('a.dev.example.com', 'apps.example.com')).toBe(false);
    expect(areDifferent('www.example.net', 'x.example.com')).toBe(false);
    expect(areDifferent('own.apps.example.com', 'a.apps.example.com')).toBe(true);
    expect(areDifferent('a.apps.example.com:81', 'own.apps.example.com')).toBe(true);
    expect(areDifferent('x.example.com', 'a.apps.example.com')).toBe(true);
    expect(areDifferent('gatepost:9000', 'a.apps.example.com')).toBe(false);
  });

  // Attack: one name after the other, to fill the memory.
  test('a thousand names under a wildcard are remembered, and the first is found anew', () => {
    const first = index.find('n0.apps.example.com');
    for (let n = 1; n <= 1000; n += 1) index.find(`n${n}.apps.example.com`);
    expect(index.find('n0.apps.example.com')).not.toBe(first);
    expect(index.find('n0.apps.example.com')).toMatchObject({ external_host: first?.external_host });
  });
});
