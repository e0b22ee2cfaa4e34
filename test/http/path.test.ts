import { expect, test } from 'vitest';
import { parsePath } from '../../src/http/path.ts';
import { pathReadings } from '../../src/http/path_readings.ts';

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
  expect(parsePath(raw)).toEqual({ raw, decoded: raw, ambiguous: false }));

test.each([
  ['/public/%C3%BC.png', '/public/ü.png'],
  ['/a%20b', '/a b'],
  ['/%7Euser', '/~user'],
  ['/100%25', '/100%'],
  ['/a%2Eb', '/a.b'],
])('the encoded path %s is read decoded too, without doubt', (raw, decoded) => {
  expect(parsePath(raw)).toEqual({ raw, decoded, ambiguous: false });
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
])('one reading of %s is /admin, and it is ambiguous', (raw) => {
  expect(parsePath(raw).ambiguous).toBe(true);
  expect(pathReadings(raw, 4096)).toContain('/admin');
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

/** What a path must not get by any normalisation without being ambiguous. */
const SPECIAL = /[/\\.;#?%\0-\x1f\x7f]/;

// Attack: U+FE30, U+2025, U+FF0F and others become dots and slashes; the list is Unicode's own and grows.
test.each(['NFKC', 'NFKD', 'NFC', 'NFD'])('every character that %s makes a special one of is ambiguous', (form) => {
  let found = 0;
  for (let code = 0x80; code <= 0x10ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    if (!SPECIAL.test(character.normalize(form))) continue;
    found += 1;
    const raw = `/a${encodeURIComponent(character)}b`;
    expect([raw, parsePath(raw).ambiguous]).toEqual([raw, true]);
    expect(pathReadings(raw, 4096)).toContain(`/a${character}b`.normalize(form));
  }
  expect(found).toBeGreaterThan(0);
}, 20_000);

test.each([
  '%E2%80%A5',
  '%EF%B8%B0',
  '%EF%BC%8E%EF%BC%8E',
  '%E2%80%A4.',
  '.%EF%B9%92',
  '%EF%BC%852e.',
  '%uFE30',
  '%25EF%25B8%25B0',
])('two dots spelled %s lead to /admin', (dots) => {
  for (const raw of [`/public/${dots}/admin`, `/public/x/${dots}%2f${dots}/admin`, `/public/${dots}%5cadmin`]) {
    expect([raw, parsePath(raw).ambiguous]).toEqual([raw, true]);
    expect(pathReadings(raw, 4096)).toContain('/admin');
  }
});

// Attack: marks on one letter are sorted when a text is normalised: 2,600 of them took 10 ms.
test('a letter with more marks than any text has is not normalised', () => {
  const raw = `/${'%cc%95%cc%80'.repeat(1300)}`;
  expect(parsePath(raw).ambiguous).toBe(true);
  expect(pathReadings(raw, 1_000_000)).toEqual([]);
  expect(parsePath(`/${'e%cc%81'.repeat(20)}`).ambiguous).toBe(true);
});

test('a path with more readings, or longer ones, than may be tried has none', () => {
  expect(pathReadings(`/${'a;b/%2525252e%2525252e//..\\'.repeat(6)}#x%00`, 1_000_000)).toEqual([]);
  expect(pathReadings('/a%2fb', 9)).toEqual([]);
  expect(pathReadings('/a%2fb', 10)).toEqual(['/a%2fb', '/a/b']);
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
