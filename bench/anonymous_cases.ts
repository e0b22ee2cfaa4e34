/** The rules that take long, and the requests of clients without credentials that were meant to take longer. */

const count = (many: number, line: (number: number) => string) =>
  Array.from({ length: many }, (_, number) => line(number)).join('');
const rule = (path: string, number: number) => `      - { path: '${path}', groups: [team-${number}] }\n`;

/** Lines of `access`. */
export const ruleSets: Record<string, string> = {
  none: '',
  '200 sections': count(200, (i) => rule(`^/section-${i}(?:/|$)`, i)),
  '200 suffixes': count(200, (i) => rule(`/area-${i}/.*\\.(?:css|js)$`, i)),
  '30 windows': count(30, (i) => rule(`.*a.{0,${i + 20}}b.*[XY]`, i)),
  '200 windows': count(200, (i) => rule(`.*a.{0,${i + 20}}b.*[XY]`, i)),
  '200 nested': count(200, (i) => rule(`(([a-f]{2,5}g?){1,8}[ab]h){1,${(i % 9) + 2}}[X-Z]`, i)),
  '200 alternations': count(200, (i) => rule(`(?:ab|cd|e.f|[g-m]n){3,${(i % 20) + 4}}X`, i)),
};

export interface Attack {
  name: string;
  /** A path of this length; compared with a plain path. */
  path?(length: number): string;
  /** Headers or a URI of this length; compared with a query or a header of this length that nobody reads. */
  headers?(length: number): Record<string, string>;
  uri?(length: number): string;
}

/** The same sequence in every run. */
let seed = 20_261_126;
function pick<T>(list: ArrayLike<T>): T {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return list[Math.floor((seed / 2 ** 32) * list.length)]!;
}
const letters = (many: number) => Array.from({ length: many }, () => pick('abcdefghijklmnop')).join('');

export const plainPath = (length: number) => `/${letters(length - 1)}`;

function pathOf(...pieces: string[]) {
  return (length: number) => {
    let path = '/';
    for (let at = 0; path.length < length - 14; at += 1) path += letters(5) + pieces[at % pieces.length];
    return path.padEnd(length, 'x');
  };
}

const repeated = (piece: string) => (length: number) => piece.repeat(Math.floor(length / piece.length));

export const attacks: Attack[] = [
  { name: 'path of many readings', path: pathOf(';abc', '//', '\\', '%c0%af', '/%2e/') },
  { name: 'path with parameters', path: pathOf(';a/') },
  { name: 'path with dot segments', path: pathOf('/../a', '/a/./') },
  { name: 'path with escapes', path: pathOf('%2f', '%41') },
  { name: 'path with escaped escapes', path: pathOf('%2525', '%25252f') },
  { name: 'path of %25', path: (length) => `/${repeated('%25')(length - 1)}` },
  { name: 'path with lookalikes', path: pathOf('%ef%bc%8f', '%e2%80%a5', '%ef%b8%b0') },
  { name: 'path of U+FDFA', path: (length) => `/${repeated('%ef%b7%ba')(length - 1)}` },
  { name: 'path of marks', path: (length) => `/${repeated('%cc%95%cc%80')(length - 1)}` },
  { name: 'path of letters with marks', path: pathOf('e%cc%81', '%e1%ba%a5') },
  { name: 'path of no UTF-8', path: pathOf('%ff', '%fe/', '%c0%ae') },
  { name: 'path with %u', path: pathOf('%u002e', '%uff0f') },
  { name: 'path with spaces', path: pathOf('%20.', '/.%20') },
  { name: 'path with NUL', path: pathOf('%00', '%09x') },
  { name: 'query', uri: (length) => `/x?${repeated('a=b&%78=')(length)}` },
  { name: 'query of no-redirect', uri: (length) => `/x?${repeated('%78-authentik-no-redirect&')(length)}` },
  { name: 'cookies', headers: (length) => ({ Cookie: repeated('a=b; ')(length) }) },
  { name: 'cookies of our name', headers: (length) => ({ Cookie: repeated('authentik_proxy_x=yyyyyyyy; ')(length) }) },
  {
    name: 'X-Forwarded-For',
    headers: (length) => ({ 'X-Forwarded-For': `${repeated('10.1.2.3, ')(length)}10.1.2.3` }),
  },
  { name: 'Accept', headers: () => ({ Accept: `${letters(6)}/x;q=0.5,`.repeat(70), 'Sec-Fetch-Mode': 'cors' }) },
  { name: 'Accept, long', headers: (length) => ({ Accept: repeated('text/html;q=0.1,')(length) }) },
  { name: 'Authorization: Basic', headers: (length) => ({ Authorization: `Basic ${repeated('YTpi')(length)}` }) },
  { name: 'Authorization: Bearer', headers: (length) => ({ Authorization: `Bearer ${repeated('a.b.')(length)}` }) },
  { name: 'X-Forwarded-Host', headers: (length) => ({ 'X-Forwarded-Host': `${repeated('a.')(length)}example.com` }) },
  {
    name: '900 headers',
    headers: (length) =>
      Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`X-${i}`, 'x'.repeat(Math.max(1, length / 900 - 8))])),
  },
];
