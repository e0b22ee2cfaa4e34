import { expect, test } from 'vitest';
import { parsePath } from '../../src/http/path.ts';

test.each([
  '/',
  '/public/a.png',
  '/~user/',
  '/a/b/',
  '/.well-known/x',
  '/file.tar.gz',
  '/a@b,c',
  '/a..b',
])('the plain path %s has one reading', (raw) =>
  expect(parsePath(raw)).toEqual({ raw, decoded: raw, ambiguous: false, variants: [raw] }));

test.each([
  ['/public/%C3%BC.png', '/public/ü.png'],
  ['/a%20b', '/a b'],
  ['/%7Euser', '/~user'],
  ['/100%25', '/100%'],
  ['/a%2Eb', '/a.b'],
])('the encoded path %s is read decoded too, without doubt', (raw, decoded) => {
  expect(parsePath(raw)).toEqual({ raw, decoded, ambiguous: false, variants: [raw, decoded] });
});

// Attack: each of these is public to a prefix rule and /admin to something downstream.
test.each([
  '/public/..%2fadmin',
  '/public/..%2Fadmin',
  '/public/%2e%2e/admin',
  '/public/%2e./admin',
  '/public/.%2E/admin',
  '/public/../admin',
  '/public/./../admin',
  '/public//../../admin',
  '/public/..;/admin',
  '/public/..;x=1/admin',
  '/public/..%3b/admin',
  '/public/..%5cadmin',
  '/public\\..\\admin',
  '/public/%252e%252e/admin',
  '/public/..%252fadmin',
  '/public/..%c0%afadmin',
  '/public/%c0%ae%c0%ae/admin',
  '/%u0061dmin',
  '/public/%u002e%u002e/admin',
])('one variant of %s is /admin, and it is ambiguous', (raw) => {
  const path = parsePath(raw);
  expect(path.ambiguous).toBe(true);
  expect(path.variants).toContain('/admin');
});

test.each([
  '/public/%00',
  '/public/a%00.png',
  '/a%0ab',
  '/a#b',
  '/a%23b',
  '/a;b',
  '//a',
  '/a//b',
  '/%61dmin',
  '/a%',
  '/a%zz',
  '/%ff',
  '/a/..',
  '/.',
  '/a/...',
  '/..%20/x',
  '/a%3fb',
])('%s is ambiguous', (raw) => expect(parsePath(raw).ambiguous).toBe(true));

test('a path with more variants than an honest client needs has none', () => {
  const raw = `/${'a;b/%2525252e%2525252e//..\\'.repeat(6)}#x%00`;
  const path = parsePath(raw);
  expect(path.ambiguous).toBe(true);
  expect(path.variants).toEqual([]);
});

test.each([
  ['%2e%2e%2f', 1800],
  ['../', 5000],
  [';/', 8000],
  ['%25', 5000],
])('sixteen kilobytes of %s have no more variants than others', (part, times) => {
  expect(parsePath(`/${part.repeat(times)}`).variants.length).toBeLessThanOrEqual(32);
});

// Attack: a path that makes the expressions that look for suspicious parts try all pairs of places in it. Longer here than any that is
// let in: in time that grows with the square of its length this would not end within the limit of a test.
test.each([
  ['dots', `/${'.'.repeat(400_000)}x%20`],
  ['dots and spaces', `/${'.%20'.repeat(200_000)}x`],
  ['spaces', `/${'%20'.repeat(400_000)}x`],
])('a path of many %s is read in one pass', (_, raw) => {
  expect(parsePath(raw)).toMatchObject({ ambiguous: false });
});
