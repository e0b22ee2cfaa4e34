import { describe, expect, it } from 'vitest';
import { readPlainYaml } from '../../src/config/read_plain_yaml.ts';
import { readYaml } from '../../src/config/read_yaml.ts';
import { secret, yaml } from './example.ts';

const plain = [
  yaml(),
  yaml({
    top: '# a comment\n\nlisten: { http: ":9000", metrics: off }   # another\nlog: {}',
    application: 'scopes: [ openid, email ]',
  }),
  `a: 'it''s'\nb: "x: y # z"\nc: ^/a{2}[b]$ # d\nd: ~\ne:\nf: null\n"g": h\n`.replace('"g": h\n', ''),
  'a:\n- b\n- c: d\n  e:\n    - f\n-\n  g: h\n-   i: j\n    k: l\n- [m, { n: o, p: [] }]\n-\n',
  'a: |\n  ^/public/\n\n    indented\n  last\nb: |-\n  x\nc: y\n',
  'list:\n  - a\n  # between\n  - b\n\nlast: https://x.com/#y\n',
];

describe('the reader of plain YAML', () => {
  it.each(plain)('reads what the whole parser reads: %j', (text) => {
    const raw = readPlainYaml(text);
    expect(raw).toBeDefined();
    expect(raw).toEqual(readYaml(text).raw);
  });

  it.each([
    ['an anchor', 'a: &x b\n'],
    ['an alias', 'a: *x\n'],
    ['a tag', 'a: !x b\n'],
    ['a folded text', 'a: >\n  b\n'],
    ['a value on two lines', 'a: b\n  c\n'],
    ['brackets on two lines', 'a: [b,\n  c]\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a quoted key', '"a": b\n'],
    ['a tab', 'a:\tb\n'],
    ['a carriage return', 'a: b\r\n'],
    ['a key twice', 'a: b\na: c\n'],
    ['a key twice between brackets', 'a: { b: c, b: d }\n'],
    ['two documents', 'a: b\n---\na: b\n'],
    ['a colon in a value', 'a: b: c\n'],
    ['text behind a quote', "a: 'b' c\n"],
    ['__proto__', '__proto__: a\n'],
    ['lines indented differently', 'a:\n   b: c\n  d: e\n'],
    ['an explicit key', '? a\n: b\n'],
    ['no mapping', ''],
  ])('leaves %s to the whole parser', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  it('never reads anything in another way than the whole parser, whatever is done to the text', () => {
    const next = random(20_261);
    const bits = [
      ' ',
      '  ',
      '\n',
      ':',
      ': ',
      '- ',
      '#',
      ' #',
      "'",
      '"',
      '|',
      '{',
      '}',
      '[',
      ']',
      ',',
      'a',
      '~',
      '\\',
      '$',
      '*',
      '-',
    ];
    let understood = 0;
    for (let round = 0; round < 1500; round++) {
      let text = plain[next(plain.length)]!;
      for (let times = next(3); times >= 0; times--) {
        const at = next(text.length);
        text = text.slice(0, at) + (next(2) ? bits[next(bits.length)] : '') + text.slice(at + next(3));
      }
      const raw = readPlainYaml(text);
      if (raw === undefined) continue;
      understood++;
      const whole = readYaml(text);
      expect({ problems: whole.problems, raw: whole.raw }, JSON.stringify(text)).toEqual({ problems: [], raw });
    }
    expect(understood).toBeGreaterThan(250);
  });
});

/** Numbers below `limit`, the same at every run (a linear congruential generator). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

it('keeps the secret of the example as it is', () => {
  expect(readPlainYaml(yaml())).toMatchObject({ secret });
});
