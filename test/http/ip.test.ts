import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { clientAddress, compileNetworks, parseAddress } from '../../src/http/ip.ts';

const listed = compileNetworks(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::ffff:192.0.2.1']);
const none = compileNetworks([]);

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['[::1]:443', '::1'],
  ['203.0.113.7:5000', '203.0.113.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
])('%s is the address %s', (text, address) => expect(parseAddress(text)).toBe(address));

test.each([
  '',
  'unknown',
  '0x7f.0.0.1',
  '127.1',
  '2130706433',
  '0177.0.0.1',
  '10.0.0.256',
  'localhost',
  '10.0.0.1, 10.0.0.2',
  '_hidden',
  // Attack: no IPv4 address, though some parsers make one of it.
  '::10.0.0.1',
  '[::10.0.0.1]:443',
])('%j is no address', (text) => expect(parseAddress(text)).toBeUndefined());

test('a range knows what is in it, and a mapped range is the IPv4 range', () => {
  const networks = compileNetworks(['203.0.113.0/24', '2001:db8::/32', '::ffff:192.0.2.0/120', '198.51.100.7']);
  const inside = ['203.0.113.9', '2001:db8::1', '192.0.2.200', '198.51.100.7'];
  const outside = ['203.0.114.9', '2001:db9::1', '192.0.3.1', '198.51.100.8', '::1'];
  expect(inside.map(networks.contains)).toEqual(inside.map(() => true));
  expect(outside.map(networks.contains)).toEqual(outside.map(() => false));
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.0.0.1', '203.0.113.7'],
  ['203.0.113.7,10.0.0.1 , 127.0.0.1', '203.0.113.7'],
  // Attack: the client writes an address of its choice; the proxy appends the true one.
  ['10.1.1.1, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.9, 10.1.1.1, 203.0.113.7', '203.0.113.7'],
  ['192.168.1.9, 172.17.0.1', '192.168.1.9'],
  ['203.0.113.7, ::ffff:192.0.2.1', '203.0.113.7'],
  ['203.0.113.7:4711, 10.0.0.1:9, [::ffff:10.0.0.2]:80', '203.0.113.7'],
  ['10.1.2.3', '10.1.2.3'],
  ['rubbish, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, rubbish', undefined],
  ['203.0.113.7, rubbish, 10.0.0.1', undefined],
  ['', undefined],
  [undefined, undefined],
])('X-Forwarded-For: %s comes from %s', (forwardedFor, address) => {
  expect(clientAddress(forwardedFor, listed)).toBe(address);
});

// Attack: a client of the home network counts as a proxy by the default list, and what it wrote as another's address.
test.each([
  ['10.20.1.1, 192.168.1.5', '192.168.1.5'],
  ['203.0.113.7, 10.0.0.1', '10.0.0.1'],
  ['203.0.113.7,192.168.1.5:4711', '192.168.1.5'],
  ['203.0.113.7, [fd00::5]:4711', 'fd00::5'],
  ['203.0.113.7, ', undefined],
  ['203.0.113.7, unknown', undefined],
  ['203.0.113.7, 192.168.1.5x', undefined],
  ['203.0.113.7, 192.168.1.5:x', undefined],
  ['203.0.113.7, 192.168.1.5:123456', undefined],
])('without a list of proxies, %s comes from its last entry', (forwardedFor, address) => {
  expect(clientAddress(forwardedFor, none)).toBe(address);
});

// Attack: thousands of trusted addresses, each another one, and each to be read.
test('no more than 32 proxies are looked through', () => {
  const chain = (proxies: number) =>
    ['203.0.113.7', ...Array.from({ length: proxies }, (_, i) => `10.0.0.${i}`)].join();
  expect(clientAddress(chain(31), listed)).toBe('203.0.113.7');
  expect(clientAddress(chain(32), listed)).toBeUndefined();
  expect(clientAddress(`rubbish,${chain(31)}`, listed)).toBe('203.0.113.7');
});

// Attack: a key that is a piece of a long header keeps all of the header in memory.
test('addresses that are remembered do not keep the headers in which they came', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const usedMb = () => {
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const before = usedMb();
  const junk = 'x'.repeat(60_000);
  for (let i = 0; i < 1000; i += 1) {
    const header = Buffer.from(`${junk}, 198.51.100.123:${20_000 + i}`).toString('latin1');
    expect(clientAddress(header, none)).toBe('198.51.100.123');
  }
  // Kept, they would take 60 MB.
  expect(usedMb() - before).toBeLessThan(20);
});
