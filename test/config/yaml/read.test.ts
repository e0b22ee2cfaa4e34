import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../src/config/yaml/read.ts';
import { problemsOf, secret, yaml } from '../example.ts';

/** What a text without problems says. */
function read(text: string) {
  const { raw, problems } = readYaml(text);
  expect(problems).toEqual([]);
  return raw;
}

const lines = (text: string) => readYaml(text).problems.map(({ line, key, message }) => `${line} ${key}: ${message}`);

describe('every scalar is text, except for nothing', () => {
  it.each([
    ['numbers and booleans', 'a: 1\nb: 0x1f\nc: true\nd: 1e3\n', { a: '1', b: '0x1f', c: 'true', d: '1e3' }],
    ['dates', 'a: 2026-11-23\n', { a: '2026-11-23' }],
    ['nothing', 'a:\nb: ~\nc: null\nd: NULL\ne: Null\n', { a: null, b: null, c: null, d: null, e: null }],
    ['nothing in quotes', 'a: ""\nb: \'~\'\nc: "null"\n', { a: '', b: '~', c: 'null' }],
    ['a block that says null', 'a: |-\n  null\n', { a: 'null' }],
    ['keys that look like numbers', '1: a\ntrue: b\n', { '1': 'a', true: 'b' }],
    ['keys that objects have anyway', 'toString: a\nconstructor: b\n', { toString: 'a', constructor: 'b' }],
  ])('%s', (_, text, raw) => {
    expect(read(text)).toEqual(raw);
  });
});

describe('the ways to write a text', () => {
  it.each([
    ['| keeps lines and one line end', 'a: |\n  ^/x/\n\n    y\n  z\n\n\nb: c\n', { a: '^/x/\n\n  y\nz\n', b: 'c' }],
    ['|- keeps lines without an end', 'a: |-\n  x\n\n  y\n\nb: c\n', { a: 'x\n\ny', b: 'c' }],
    ['|+ keeps all line ends', 'a: |+\n  x\n\nb: c\n', { a: 'x\n\n', b: 'c' }],
    ['| with blank lines first', 'a: |\n\n  x\n', { a: '\nx\n' }],
    ['| with its indentation given', 'a: |2\n    x\n', { a: '  x\n' }],
    ['| with # and : in it', 'a: |\n  # x: y\n  "z\n', { a: '# x: y\n"z\n' }],
    ['> joins lines, and blank ones break', 'a: >\n  x\n  y\n\n  z\n', { a: 'x y\nz\n' }],
    ['a plain text on several lines', 'a: x\n  y\n\n  z # not this\nb: c\n', { a: 'x y\nz', b: 'c' }],
    ['single quotes', "a: 'it''s # \\d: {x}'\n", { a: "it's # \\d: {x}" }],
    ['double quotes', 'a: "\\t\\x41\\u00e9\\U0001F600\\" #"\n', { a: '\tAé😀" #' }],
    ['quotes on several lines', 'a: \'x\n  y\n\n  z\'\nb: "x\\\n  y"\n', { a: 'x y\nz', b: 'xy' }],
    ['a # without a space before it', 'a: https://x.com/#y\n', { a: 'https://x.com/#y' }],
    ['a colon without a space behind it', 'a: b:c\n', { a: 'b:c' }],
    ['brackets within', 'a: ^/x{2}[y]$\n', { a: '^/x{2}[y]$' }],
    ['a tab between key and value', 'a:\tb\n', { a: 'b' }],
    ['a quoted key', '"a": b\n\'c\': d\n', { a: 'b', c: 'd' }],
    ['an explicit key', '? a\n: b\n', { a: 'b' }],
  ])('%s', (_, text, raw) => {
    expect(read(text)).toEqual(raw);
  });

  it('Windows line ends are line ends, and old ones of the Macintosh too', () => {
    const text = 'a: |\n  x\n  y\nb:\n  - c\n  - "d\n    e"\n';
    for (const end of ['\r\n', '\r']) {
      expect(read(text.replaceAll('\n', end))).toEqual({ a: 'x\ny\n', b: ['c', 'd e'] });
    }
  });

  it('a byte order mark is no part of the first key, and does not move lines', () => {
    expect(read('\ufeffa: b\n')).toEqual({ a: 'b' });
    expect(lines('\ufeff---\na: b\n---\nc: d\n')).toEqual([expect.stringMatching(/^3 : a second YAML document/)]);
  });
});

describe('lists and mappings', () => {
  it.each([
    [
      'lists at the indentation of their key',
      'a:\n- b\n- c: d\n  e:\n    - f\ng: h\n',
      { a: ['b', { c: 'd', e: ['f'] }], g: 'h' },
    ],
    [
      'dashes on lines of their own',
      'a:\n-\n  g: h\n-   i: j\n    k: l\n-\n',
      { a: [{ g: 'h' }, { i: 'j', k: 'l' }, null] },
    ],
    [
      'brackets',
      'a: [m, { n: o, p: [] }, {}]\nq: [ r , "s, t" ]\n',
      { a: ['m', { n: 'o', p: [] }, {}], q: ['r', 's, t'] },
    ],
    ['brackets on several lines', 'a: [\n  b, # c\n  d,\n  ]\ne: {\n  f: g,\n }\n', { a: ['b', 'd'], e: { f: 'g' } }],
    ['keys without values between brackets', 'a: { b, c: }\n', { a: { b: null, c: null } }],
    ['comments anywhere', '# a\n\na: # b\n  # c\n  - d # e\n\n  # f\n  - g\n', { a: ['d', 'g'] }],
    ['one document that ends', '---\na: b\n...\n# c\n', { a: 'b' }],
    ['a version of YAML', '%YAML 1.2\n---\na: b\n', { a: 'b' }],
  ])('%s', (_, text, raw) => {
    expect(read(text)).toEqual(raw);
  });
});

describe('anchors and aliases', () => {
  it('an alias is what the last anchor of its name before it was, as a copy', () => {
    const raw = read('a: &x { b: [c] }\nd: *x\ne: &x f\ng: *x\n') as Record<string, unknown>;
    expect(raw).toEqual({ a: { b: ['c'] }, d: { b: ['c'] }, e: 'f', g: 'f' });
    expect(raw.a).not.toBe(raw.d);
  });

  it('<< gives way to the own keys wherever they stand, and of several sources the first wins', () => {
    const sources = 'x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2, toString: 2 }\n';
    expect(read(`${sources}z: { a: ~, <<: [*x, *y] }\n`)).toMatchObject({
      z: { a: null, b: '1', c: '2', toString: '2' },
    });
    expect(read(`${sources}z:\n  <<: *x\n  b: 3\n`)).toMatchObject({ z: { a: '1', b: '3' } });
    expect(read(`${sources}z:\n  b: 3\n  <<: *x\n`)).toMatchObject({ z: { a: '1', b: '3' } });
  });

  it.each([
    ['without a mapping', 'a:\n  <<: defaults\n'],
    ['with nothing', 'a:\n  <<:\n'],
    ['with a list that has something else', 'x: &x {}\n<<: [*x, y]\n'],
  ])('<< %s is refused', (_, text) => {
    expect(lines(text)).toEqual(['2 : << takes over a mapping or a list of mappings, as an alias: <<: *name']);
  });

  it('aliases that multiply to billions of values are refused at the line that goes too far', () => {
    const bomb = (levels: number) =>
      Array.from({ length: levels }, (_, level) => {
        const item = level === 0 ? 'x' : `*a${level - 1}`;
        return `k${level}: &a${level} [${Array(10).fill(item).join(', ')}]\n`;
      }).join('');
    expect(read(bomb(4))).toMatchObject({ k0: Array(10).fill('x') });
    expect(lines(bomb(200))).toEqual(['6 : the aliases up to here stand for more than 1000000 values']);
    const merged = bomb(200).replaceAll('[', '{ <<: [').replaceAll(']', ' ] }').replaceAll('x', '{}');
    expect(lines(merged)).toEqual([expect.stringContaining('stand for more than')]);
  });

  it('hundreds of levels through aliases are refused, where brackets could not nest so deeply either', () => {
    const level = (_: unknown, index: number) => `k${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}`}]\n`;
    const chain = (levels: number) => Array.from({ length: levels }, level).join('');
    expect(read(chain(95))).toMatchObject({ k1: [['x']] });
    expect(lines(chain(150))).toEqual([expect.stringContaining('this alias nests lists and mappings too deeply')]);
  });

  it.each([
    ['refers to what it is a part of', 'a: &a\n  b:\n    - *a\n', '3 : this alias refers to what it is a part of'],
    [
      'has no anchor',
      'a: b\nc: *hunter2\n',
      '2 : this alias has no anchor (&name) before it: a value that begins with * must be quoted',
    ],
    [
      'comes before its anchor',
      'a: *x\nb: &x c\n',
      '1 : this alias has no anchor (&name) before it: a value that begins with * must be quoted',
    ],
  ])('an alias that %s is refused', (_, text, problem) => {
    expect(lines(text)).toEqual([problem]);
  });
});

describe('what no configuration may have', () => {
  it('every key that is there again, with its name where it is plainly one', () => {
    const again = 'this key is there twice in one mapping';
    const text = 'a: 1\nb: { c: 1, c: 2 }\n"a": 2\nd:\n  - e: 1\n    Hunter2 x: 1\n    Hunter2 x: 2\n    e: 2\na: 3\n';
    expect(lines(text)).toEqual([`2 c: ${again}`, `7 : ${again}`, `8 e: ${again}`, `3 a: ${again}`, `9 a: ${again}`]);
    expect(problemsOf(text).map(({ line }) => line)).toEqual([2, 3, 7, 8, 9]);
  });

  it('a mistake in a mapping that aliases repeat is reported once', () => {
    expect(lines('x: &x { a: 1, a: 2 }\ny: [*x, *x]\n')).toEqual(['1 a: this key is there twice in one mapping']);
  });

  it.each([
    'a: !hunter2\n',
    'a: !!str b\n',
    'a: ! b\n',
    'a: !<x> [b]\n',
    '- !hunter2 { a: b }\n',
  ])('a tag: %j', (text) => {
    expect(lines(text)).toEqual(['1 : a tag stands here: a value that begins with ! must be quoted']);
  });

  it.each([
    '? [a]\n: b\n',
    '? { a: b }\n: c\n',
    '{ [a]: b }\n',
    '__proto__: a\n',
    '"__proto__": a\n',
    '{ ~: a }\n',
    ': a\n',
  ])('a key that is none: %j', (text) => {
    expect(lines(text)).toEqual([expect.stringMatching(/^1 : this is no key of a configuration/)]);
  });

  it.each([
    ['a: b\n---\nc: d\n', 2],
    ['--- # first\na: b\n---\n', 3],
    ['a: b\n...\n# more\nc: d\n', 2],
    ['a: |\n  ---\n--- x\n', 3],
  ])('a second document: %j', (text, line) => {
    expect(lines(text)).toEqual([`${line} : a second YAML document begins here (---): one is allowed`]);
  });

  it('brackets nested by the thousand, without a stack overflow', () => {
    expect(lines('['.repeat(100_000))).toEqual([expect.stringMatching(/^1 : /)]);
    expect(lines(Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''))).toHaveLength(1);
  });
});

describe('a text that is not YAML is reported with its line and the likely slip', () => {
  it.each([
    ['a:\n\tb: c\n', 2, 'a tab indents this line'],
    ['a:\n  - b: c\n\t  d: e\n', 3, 'a tab indents this line'],
    ['a:\n    b: c\n  d: e\n', 3, 'not indented as'],
    ['a: b\n- c\n', 2, 'not indented as'],
    ['a: "b\nc: "d"\n', 2, 'a quote or bracket before it is not closed'],
    ['a: [b\nc: d\n', 2, 'a quote or bracket before it is not closed'],
    ['a: { b: c\n', 2, 'a closing quote or bracket is missing'],
    ['a: b\nstore memory\nc: d\n', 3, 'may be missing on the line before'],
    ['a: b\nstore:memory\nc: d\n', 3, 'may be missing on the line before'],
    ['a:\n  b: c\n   d: e\n', 3, 'this line is indented too far'],
    ['a: b: c\n', 1, 'a colon stands inside a value'],
    ['a: [{ b: c d: e }]\n', 1, 'behind a comma'],
    ['a: [0-9]+$\n', 1, 'something stands behind a closing quote or bracket'],
    ["a: 'it's'\n", 1, 'something stands behind a closing quote or bracket'],
    ["a: ['b' 'c']\n", 1, 'put a comma between'],
    ['a: "^/\\d+"\n', 1, 'use single quotes for text with backslashes'],
    ['a: @b\n', 1, 'must be quoted'],
    ['a: `b\n', 1, 'must be quoted'],
    ['a: %b\n', 1, 'must be quoted'],
    ['a: *b c\n', 1, 'begins with *, & or !'],
    ['a: &\n', 1, 'begins with *, & or !'],
    ['a: !b!c!d\n', 1, 'begins with *, & or !'],
    ['a: | b\n  c\n', 1, 'begins on the next line'],
    ['a: b\nc: \x07\n', 2, 'a control character'],
    ['a: \0\n', 1, 'a control character'],
    ['a: b\r\nc: "d\r\n', 3, 'a closing quote or bracket is missing'],
    ['a: |x\n', 1, 'begins on the next line'],
    ['a: "\\xZZ"\n', 1, 'this is not valid YAML'],
    ['a: [\n  b\n]\n', 3, 'closing bracket on a line of its own must be indented'],
  ])('%j', (text, line, part) => {
    expect(readYaml(text)).toMatchObject({ raw: null, problems: [{ key: '', line }] });
    expect(lines(text)).toEqual([expect.stringContaining(part)]);
  });

  it('in one line of megabytes, without reading it again and again', () => {
    expect(lines(`[${'a, '.repeat(200_000)}`)).toEqual([expect.stringMatching(/^1 : /)]);
    expect(lines(`[${'[], '.repeat(100_000)}}`)).toHaveLength(1);
    expect(lines(`a: "${' '.repeat(500_000)}" b`)).toHaveLength(1);
  });
});

it('never shows what may be a secret, however it is written wrongly', () => {
  const password = 'hunter2hunter2';
  const openings = [
    '',
    '"',
    "'",
    '[',
    '{',
    '*',
    '&',
    '!',
    '!<',
    '!x!',
    '%',
    '@',
    '`',
    '|',
    '>',
    '? ',
    '- ',
    '{{ ',
    '"\\',
    '\t',
    ': ',
  ];
  const closings = [
    '',
    '"',
    "'",
    ']',
    '}',
    '!',
    ': ',
    ': x',
    ' x: y',
    '!x!',
    ' "',
    '\\',
    '\n x',
    '\n\tx',
    '\n---\nx',
    ', *x',
    '\x07',
    '>',
  ];
  let refused = 0;
  for (const opening of openings) {
    for (const closing of closings) {
      const value = `${opening}${password}${closing}`;
      for (const text of [`client_secret: ${value}\n`, `${value}\n`, `a: { b: ${value} }\n`, `a:\n  - ${value}\n`]) {
        const { problems } = readYaml(text);
        if (problems.length > 0) refused++;
        expect(JSON.stringify(problems), text).not.toContain('hunter');
      }
    }
  }
  expect(refused).toBeGreaterThan(500);
});

describe('the line of a key', () => {
  const text = [
    'a: b', // 1
    'list:', // 2
    '  - &x', // 3
    '    c: d', // 4
    '  # - no item', // 5
    '  - *x', // 6
    '  - secret_file: "e', // 7
    '      f"', // 8
    '', // 9
    '  -', // 10
    '  - { g: h,', // 11
    '      i: j }', // 12
    'k: |', // 13
    '  l', // 14
    'm: n', // 15
  ].join('\n');

  it.each([
    [['a'], 1],
    [['list'], 2],
    [['list', 0], 4],
    [['list', 0, 'c'], 4],
    [['list', 1], 6],
    [['list', 1, 'c'], 4],
    [['list', 1, 'missing'], 6],
    [['list', 2, 'secret'], 7],
    [['list', 3], 10],
    [['list', 4, 'i'], 12],
    [['list', 9], 2],
    [['k'], 13],
    [['m', 'deeper'], 15],
    [['missing'], 1],
    [[], 1],
  ])('%j is %i', (path, line) => {
    for (const end of ['\n', '\r\n', '\r']) expect(readYaml(text.replaceAll('\n', end)).lineOf(path)).toBe(line);
  });

  it('is 0 in a text without content', () => {
    expect(readYaml('# nothing\n').lineOf(['a'])).toBe(0);
  });
});

it('keeps the secret of the example as it is', () => {
  expect(read(yaml())).toMatchObject({ secret });
});
