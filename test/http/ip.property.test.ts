/** Addresses, networks and `X-Forwarded-For`, whatever a client writes into it. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientAddress, compileNetworks, parseAddress } from '../../src/http/ip.ts';
import { expectAlways, textOf } from '../support/property.ts';

const trusted = compileNetworks(['10.0.0.0/8', 'fd00::/8']);
const anyHeader = textOf(
  '10.0.0.1 10.9.9.9 203.0.113.7 2001:db8::1 fd00::1 ::ffff:10.0.0.1 [::1]:443 203.0.113.7:80 , ,, unknown _x 012.0.0.1 0x0a.1 %eth0 " ;'.split(
    ' ',
  ),
  16,
);

test('no header makes it throw; a client is a plain address, and a listed proxy only where nothing stands before it', () => {
  expectAlways(
    fc.property(anyHeader, (header) => {
      const client = clientAddress(header, trusted);
      if (client === undefined) return;
      expect(isIP(client)).toBeGreaterThan(0);
      expect(parseAddress(client)).toBe(client);
      // A listed proxy is the client only where nothing stands before it.
      if (trusted.contains(client)) expect(parseAddress(header.split(',')[0]!.trim())).toBe(client);
    }),
    1000,
  );
});

// Attack: a client sends the header itself, with an address that a rule lets in.
test('nothing that a client sends changes the address that the first trusted proxy saw', () => {
  const outside = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => {
    const address = parseAddress(text);
    return address !== undefined && !trusted.contains(address);
  });
  const proxies = fc.array(fc.constantFrom('10.0.0.1', '10.1.2.3:4711', '[fd00::7]:80', '::ffff:10.0.0.9'), {
    maxLength: 5,
  });
  expectAlways(
    fc.property(anyHeader, outside, proxies, (sent, client, hops) => {
      expect(clientAddress([sent, client, ...hops].join(', '), trusted)).toBe(parseAddress(client));
    }),
  );
});

// Attack: a client of a private network writes other addresses before its own.
test('without listed proxies the last entry is the client, whatever stands before it', () => {
  const none = compileNetworks([]);
  expectAlways(
    fc.property(anyHeader, fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('unknown')), (sent, last) => {
      expect(clientAddress(`${sent}, ${last}`, none)).toBe(parseAddress(last));
    }),
  );
});

test('a network has the addresses that arithmetic says it has', () => {
  const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
  const near = fc.tuple(bytes, fc.integer({ min: 0, max: 31 }), fc.boolean()).map(([base, bit, same]) => ({
    base,
    // One bit apart or equal: two random addresses share no network.
    other: same ? base : [24, 16, 8, 0].map((shift) => ((number(base) ^ (1 << bit)) >>> shift) & 255),
  }));
  expectAlways(
    fc.property(near, fc.integer({ min: 0, max: 32 }), ({ base, other }, bits) => {
      const network = compileNetworks([`${base.join('.')}/${bits}`]);
      const block = (parts: readonly number[]) => Math.floor(number(parts) / 2 ** (32 - bits));
      const inside = block(base) === block(other);
      expect(network.contains(other.join('.'))).toBe(inside);
      expect(network.contains(parseAddress(`::ffff:${other.join('.')}`)!)).toBe(inside);
    }),
  );
});
