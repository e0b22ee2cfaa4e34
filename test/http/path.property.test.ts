/** Paths and what something downstream may take them for, against any mixture of encodings. */
import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../src/access/rules.ts';
import { parsePath } from '../../src/http/path.ts';
import { pathReadings } from '../../src/http/path_readings.ts';
import { expectAlways, textOf } from '../support/property.ts';

const pieces =
  '/ / / . .. /../ /./ // %2e %2E%2e %2f %5c \\ ; ;x=1 ..; %20 %00 # %3f %25 %252e %252f %c0%af %u002f %ff % %zz a x admin %61dmin public /admin /public/ ..%2f'.split(
    ' ',
  );
const anyPath = textOf(pieces, 16).map((text) => `/${text}`);

test('no path makes it throw; the readings are within their bound, and the path as it came is the first', () => {
  expectAlways(
    fc.property(anyPath, fc.nat(2000), (raw, maxChars) => {
      const readings = pathReadings(raw, maxChars);
      expect(readings.join('').length).toBeLessThanOrEqual(maxChars);
      expect(new Set(readings).size).toBe(readings.length);
      if (readings.length > 0) expect(readings[0]).toBe(raw);
      if (!parsePath(raw).ambiguous) {
        for (const reading of readings) expect([raw, parsePath(raw).decoded]).toContain(reading);
      }
    }),
    1000,
  );
});

test('each reading of a reading is a reading: the order in which something downstream decodes does not matter', () => {
  expectAlways(
    fc.property(anyPath, (raw) => {
      const readings = pathReadings(raw, 4096);
      const known = new Set(readings);
      for (const reading of readings) {
        for (const again of pathReadings(reading, 100_000)) expect(known).toContain(again);
      }
    }),
    150,
  );
});

/** The rules of a site whose `/public/` is open, `/admin` closed, and all else needs a login. */
const { match } = compileRules({
  mode: 'forward_single',
  skip_path_regex: [],
  access: [
    { path: '^/admin', policy: 'deny' },
    { path: '^/public/', policy: 'public' },
  ],
});

/** The policies that a path meets. */
function policiesOf(raw: string): string[] {
  const path = parsePath(raw);
  const href = `https://app.example.com${raw}`;
  return match({ host: 'app.example.com', path, href, method: 'GET', clientAddress: undefined }).map(
    ({ policy }) => policy,
  );
}

const isOpen = (raw: string) => policiesOf(raw).includes('public');

const names = fc.constantFrom('public', 'admin', 'a', 'ü', '.', '..', 'x y', ';', '\\', '\uff0f', '');
const spellings = fc.oneof(
  { weight: 30, arbitrary: fc.constant('plain' as const) },
  { weight: 1, arbitrary: fc.constant('lower' as const) },
  { weight: 1, arbitrary: fc.constant('upper' as const) },
);

/** A path without percent signs, and the same one with some of its bytes percent-encoded, in any letter case. */
const encodings = fc
  .tuple(fc.constantFrom('/public/', '/public/', '/admin', '/'), fc.array(names, { maxLength: 5 }))
  .map(([start, rest]) => start + rest.join('/'))
  .chain((plain) => {
    const bytes = [...Buffer.from(plain, 'utf8').subarray(1)];
    const length = { minLength: bytes.length, maxLength: bytes.length };
    return fc.array(spellings, length).map((spelling) => ({
      plain,
      encoded: `/${bytes.map((byte, at) => encode(byte, spelling[at])).join('')}`,
    }));
  });

function encode(byte: number, spelling: 'plain' | 'lower' | 'upper' | undefined): string {
  const hex = byte.toString(16).padStart(2, '0');
  if (spelling === 'plain' && byte > 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `%${spelling === 'upper' ? hex.toUpperCase() : hex}`;
}

test('no encoding opens a path that is closed when it is written plainly', () => {
  let open = 0;
  expectAlways(
    fc.property(encodings, ({ plain, encoded }) => {
      if (!isOpen(encoded)) return;
      open += 1;
      expect(isOpen(plain)).toBe(true);
    }),
    1500,
  );
  expect(open).toBeGreaterThan(15);
});

test('no encoding lets a path past a rule that denies it', () => {
  expectAlways(
    fc.property(encodings, ({ plain, encoded }) => {
      if (policiesOf(plain).every((policy) => policy === 'deny')) expect(policiesOf(encoded)).toContain('deny');
    }),
    1500,
  );
});

test('what is open is there for a browser and for a file system, too', () => {
  expectAlways(
    fc.property(anyPath, (raw) => {
      if (!isOpen(raw)) return;
      expect(new URL(raw, 'https://app.example.com').pathname).toMatch(/^\/public\//);
      expect(posix.normalize(decodeURIComponent(raw))).toMatch(/^\/public\//);
    }),
    1500,
  );
});
