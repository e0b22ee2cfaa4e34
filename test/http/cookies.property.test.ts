/** Cookies out of a raw header, whatever is in it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCookies } from '../../src/http/cookies.ts';
import { expectAlways, textOf } from '../support/property.ts';

const anyHeader = textOf(['id', 'id=', 'id=1', '=', ';', '; ', ' ', '\t', 'x', 'xid=2', 'id2=3', 'ID=4', '"', ',']);

/** What RFC 6265 section 5.4 makes of it, without care for time. */
const slowly = (header: string, name: string) =>
  header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).trim());

test('no header makes it throw; there are at most four values, and none reaches into the next cookie', () => {
  expectAlways(
    fc.property(anyHeader, (header) => {
      const values = readCookies(header, 'id');
      expect(values.length).toBeLessThanOrEqual(4);
      for (const value of values) {
        expect(value).not.toContain(';');
        expect(value).toBe(value.trim());
        expect(header.replaceAll(/\s/g, '')).toContain(`id=${value.replaceAll(/\s/g, '')}`);
      }
    }),
    1500,
  );
});

test('of what a browser sends, every value of the name comes back in order, and nothing else', () => {
  const name = fc.constantFrom('id', 'xid', 'idx', 'ID', 'i', 'id-', 'a.id');
  const octet = fc.constantFrom(..."!#$%&'()*+-./0123456789:<=>?@ABCxyzid[]^_`{|}~");
  const pair = fc.tuple(name, fc.string({ unit: octet, maxLength: 12 }));
  expectAlways(
    fc.property(fc.array(pair, { maxLength: 12 }), (pairs) => {
      const header = pairs.map(([key, value]) => `${key}=${value}`).join('; ');
      expect(readCookies(header, 'id')).toEqual(slowly(header, 'id').slice(0, 4));
    }),
    1000,
  );
});
