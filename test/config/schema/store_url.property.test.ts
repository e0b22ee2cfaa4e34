/** Addresses of Redis, whatever is in them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStoreUrl, storeUrl } from '../../../src/config/schema/store_url.ts';
import { expectAlways, textOf } from '../../support/property.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const port = fc.integer({ min: 1, max: 65_535 });

test('user name, password, host, port, master and database come back as they were', () => {
  const login = fc.tuple(text, text).map(([username, password]) => ({ username, password }));
  expectAlways(
    fc.property(login, host, port, text, fc.nat(15), fc.boolean(), (user, name, number, master, database, tls) => {
      const scheme = tls ? 'rediss' : 'redis';
      const [username, password, group] = [user.username, user.password, master].map(encodeURIComponent);
      const rest = `${username}:${password}@${name}:${number}`;
      const nodes = [{ host: name.replace(/[[\]]/g, ''), port: number }];
      const common = { nodes, tls, ...user, database };
      expect(parseStoreUrl(`${scheme}://${rest}/${database}`)).toEqual({
        ...common,
        kind: 'redis',
        topology: 'single',
      });
      expect(parseStoreUrl(`${scheme}+sentinel://${rest}/${group}/${database}`)).toEqual({
        ...common,
        kind: 'redis',
        topology: 'sentinel',
        master,
      });
    }),
    300,
  );
});

const pieces = 'user : pass @ example.com , 127.0.0.1 [::1] :6379 :99999 / /0 /1 /mymaster ? # %40 %2f a \t'.split(' ');
const schemes = fc.constantFrom('redis://', 'rediss://', 'redis+cluster://', 'redis+sentinel://', 'redis:/', 'memory');
const anyUrl = fc.tuple(schemes, textOf(pieces, 6)).map((parts) => parts.join(''));

test('what is refused is refused with a sentence, and what the configuration accepts can be opened', () => {
  let accepted = 0;
  expectAlways(
    fc.property(anyUrl, (url) => {
      const { success } = storeUrl().safeParse(url);
      if (!success) {
        expect(() => parseStoreUrl(url)).toThrow(TypeError);
        return;
      }
      const address = parseStoreUrl(url);
      if (address.kind !== 'redis') return;
      accepted += 1;
      expect(address.nodes.length).toBeGreaterThan(0);
    }),
  );
  expect(accepted).toBeGreaterThan(20);
});
