import { posix, win32 } from 'node:path';
import { unescape as percentDecode } from 'node:querystring';
import { expect, test } from 'vitest';
import { compileRules } from '../../src/access/rules.ts';
import { parsePath } from '../../src/http/path.ts';
import { pathReadings } from '../../src/http/path_readings.ts';

// Attack: each is `/admin` to something real, and only in an order of steps of its own.
test.each([
  ['dots before encoded slashes, as Envoy and the URL standard', '/x%2fy/%2e%2e/admin'],
  ['the same with one dot encoded', '/x%2fy/.%2E/%61dmin'],
  ['backslashes before encoded slashes, as Tomcat that passes those through', '/x%2fy%5c..%5cadmin'],
  ['percent-decoding that knows no %u', '/x%u002fy%2f..%2fadmin'],
  ['percent-decoding that knows no overlong bytes', '/x%c0%afy%2f%2e%2e%2fadmin'],
  ['decoded first, parameters after that', '/%3bx;/admin'],
  ['a reference to another host, as parse_url and urlsplit', '//x/admin'],
  ['such a reference behind a decoder', '/%2fx/admin'],
  ['such a reference with a backslash', '/\\x/admin'],
  ['a slash in three bytes', '/%e0%80%afadmin'],
  ['a letter in two bytes', '/;/%c1%a1dmin'],
  ['a wide slash', '/public/..%ef%bc%8fadmin'],
  ['wide dots', '/public/%ef%bc%8e%ef%bc%8e/admin'],
  ['two dots that are one character', '/public/%e2%80%a5/admin'],
  ['a space that a file system drops', '/public/..%20/admin'],
  ['two dots that are one vertical character', '/public/%ef%b8%b0/admin'],
  ['a wide percent sign', '/public/%ef%bc%852e%ef%bc%852e/admin'],
  ['a slash in four bytes', '/public/..%f0%80%80%afadmin'],
  ['dots in six bytes', '/public/%fc%80%80%80%80%ae%fc%80%80%80%80%ae/admin'],
  ['bytes that are no UTF-8 and that a decoder drops', '/public/.%ff./admin'],
  ['a space of no width', '/public/.%e2%80%8b./admin'],
  ['a yen sign, a backslash in a Japanese alphabet', '/public/..%c2%a5admin'],
  ['a tab that the URL standard drops', '/public/.%09./admin'],
  ['parameters that end with the path', '/admin;/../public/x'],
  ['a question mark that is encoded', '/admin%3f/../public/x'],
  ['a number sign that is encoded', '/admin%23/../public/x'],
  ['NUL, at which C stops', '/admin%00/../public/x'],
])('%s', (_, raw) => {
  expect(parsePath(raw).ambiguous).toBe(true);
  expect(pathReadings(raw, 4096)).toContain('/admin');
});

// Attack: each of some dozen readings is looked through for the next. Without readings a path is opened by no pattern.
test.each(['/%3bx%c0%afy;/admin', '/%c0%ae//%2e%2e//%ef%bc%8e'])('%s has more readings than an honest path', (raw) => {
  expect(parsePath(raw).ambiguous).toBe(true);
  expect(pathReadings(raw, 4096)).toEqual([]);
});

test.each(['/public/%25u002e%25u002e/admin', '/public/a%ef%bc%bcb'])('%s opens nothing', (raw) =>
  expect(parsePath(raw).ambiguous).toBe(true));

const pieces =
  '/ / / . .. ... /../ /./ // %2e %2E%2e /%2e%2e/ /.%2e/ %2f %5c \\ ; ;x=1 %3b ..; %20 %09 %00 # ? %3f %25 %252e %252f %c0%af %e0%80%af %u002f \xef\xbc\x8f %ff % %zz a x ~ + & admin admin %61dmin public /admin /public/ ..%2f %2fadmin'.split(
    ' ',
  );

/** The same sequence in every run: a test that fails by chance is mended by nobody. */
function* paths(count: number) {
  let seed = 20_261_123;
  const pick = <T>(list: readonly T[]): T => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return list[Math.floor((seed / 2 ** 32) * list.length)] as T;
  };
  for (let i = 0; i < count; i += 1) {
    let path = pick(['/public/', '/public/x', '/', '/x/']);
    for (let n = pick([1, 2, 3, 4, 5, 6]); n > 0; n -= 1) path += pick(pieces);
    yield path;
  }
}

/** What real programs make of a request target. `URL` is what browsers and Node use, the others are the ways of frameworks and file servers. */
const normalisers: Record<string, (path: string) => string> = {
  'the URL standard': (path) => new URL(`http://h${path}`).pathname,
  'the URL standard with a base': (path) => new URL(path, 'http://h').pathname,
  'the URL standard, then decoded': (path) => posix.normalize(percentDecode(new URL(`http://h${path}`).pathname)),
  'decoded, then resolved': (path) => posix.normalize(percentDecode(path)),
  'decoded twice': (path) => posix.normalize(percentDecode(percentDecode(path))),
  'resolved, then decoded': (path) => percentDecode(posix.normalize(path)),
  'resolved around decoding': (path) => posix.normalize(percentDecode(posix.normalize(path))),
  windows: (path) => win32.normalize(percentDecode(path)).replaceAll('\\', '/'),
  'without parameters': (path) => posix.normalize(percentDecode(path.replace(/;[^/]*/g, ''))),
  'cut at NUL': (path) => posix.normalize(percentDecode(path).replace(/\0.*/s, '')),
};

test('of thousands of tricks none is public and elsewhere, none gets past a closed door', () => {
  const rules = compileRules({
    mode: 'forward_single',
    skip_path_regex: ['^/public/'],
    access: [{ path: '^/admin', policy: 'deny' }],
  });
  const seen = { deny: 0, optional: 0, required: 0 };
  for (const target of paths(5_000)) {
    const [uri = ''] = target.split('?');
    const path = parsePath(uri.replace(/[\x80-\xff]/g, percentEncode));
    const policies = rules
      .match({ host: 'app.example.com', path, href: '', method: 'GET', clientAddress: undefined })
      .map(({ policy }) => policy);
    const verdict = policies.includes('deny') ? 'deny' : policies.includes('required') ? 'required' : 'optional';
    seen[verdict] += 1;
    if (verdict === 'deny') continue;
    for (const [name, normalise] of Object.entries(normalisers)) {
      const read = attempt(() => normalise(uri));
      if (read === undefined) continue;
      const where: string = `${JSON.stringify(uri)} is ${verdict}, and to "${name}" it is ${JSON.stringify(read)}`;
      if (read.startsWith('/admin') || (verdict === 'optional' && !read.startsWith('/public/'))) expect.fail(where);
    }
  }
  // All three were really there.
  expect(Math.min(seen.deny, seen.optional, seen.required)).toBeGreaterThan(200);
}, 20_000);

const percentEncode = (byte: string) => `%${byte.charCodeAt(0).toString(16)}`;

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
