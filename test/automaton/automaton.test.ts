/** The search gives what re2js gives by itself, for any patterns and any text; and no text makes it slow. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { createAutomaton } from '../../src/automaton/automaton.ts';
import { expectAlways, textOf } from '../support/property.ts';

/** The reference: each pattern by itself, by the library's own engines. */
const matchOneByOne = (patterns: readonly string[], text: string) =>
  patterns.flatMap((pattern, number) => (RE2JS.compile(pattern).test(text) ? number : []));

const atoms =
  'a b c / . . .* \\. [ab] [^a] [a-c/]+ ^ $ \\A \\z \\b \\B \\d \\w \\W \\s \\pL \\p{Lu} ü é K 😀 [^/]* (?:) a* b? c+ a{2} b{0,3} [ab]{1,4} (?i:A) (?s:.) (?-s:.)'.split(
    ' ',
  );
const pattern = fc
  .oneof(
    textOf(atoms, 6),
    // What people write.
    fc
      .tuple(
        fc.constantFrom('', '^', '\\b', '.*'),
        fc.array(fc.constantFrom('a', 'b', '/', '.'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '$', '(?:/|$)', '\\b', '*'),
      )
      .map(([begin, middle, end]) => begin + middle.join('') + end),
    fc
      .tuple(fc.constantFrom('', '(?i)', '(?m)', '(?s)', '(?m)^'), textOf(atoms, 4), textOf(atoms, 4))
      .map(([flags, one, other]) => `${flags}(?:${one}|${other})`),
    fc
      .tuple(textOf(atoms, 3), fc.constantFrom('*', '+', '?', '{2}', '{0,4}', '{1,3}', '*?'), textOf(atoms, 3))
      .map(([one, times, other]) => `(${one})${times}${other}`),
    fc
      .tuple(textOf(atoms, 3), textOf(atoms, 2), fc.constantFrom('{0,3}', '{2,3}', '*'))
      .map(([one, other, times]) => `((?:${one})${times}${other}){1,3}`),
  )
  .filter((text) => {
    try {
      RE2JS.compile(text);
      return true;
    } catch {
      return false;
    }
  });
const text = textOf(
  ['a', 'b', 'c', 'A', 'B', '/', '.', '0', '_', ' ', '\n', 'ü', 'é', '\u212a', '😀', '\ud83d', '\ude00'],
  14,
);

test('a set of patterns matches what each of them matches', () => {
  expectAlways(
    fc.property(fc.array(pattern, { maxLength: 6 }), fc.array(text, { maxLength: 6 }), (patterns, texts) => {
      const { match } = createAutomaton(patterns);
      // Twice: first by building states, then by those that were kept.
      for (const one of [...texts, ...texts]) expect([one, match(one)]).toEqual([one, matchOneByOne(patterns, one)]);
    }),
    300,
  );
}, 20_000);

test('a text that makes a new state at each character is matched as any other', () => {
  const patterns = ['a.{12}b', 'b.{9}a', '^.*c.{7}[ab]$', 'ab{2,9}c.{20}a'];
  const { match } = createAutomaton(patterns);
  expectAlways(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 200, maxLength: 700 }), (one) => {
      expect(match(one)).toEqual(matchOneByOne(patterns, one));
    }),
    60,
  );
});

test('the states that are kept are bounded, and what comes after is right', () => {
  const patterns = Array.from({ length: 40 }, (_, i) => `a.{${i + 20}}b.{${i}}c`);
  const { match } = createAutomaton(patterns);
  let seed = 1;
  for (let round = 0; round < 300; round += 1) {
    let one = '';
    for (let at = 0; at < 150; at += 1) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      one += 'abcdefgh'[seed >>> 29];
    }
    if (round % 30 === 0) expect(match(one)).toEqual(matchOneByOne(patterns, one));
    else match(one);
  }
});

test('patterns that are bound to the begin of the text have no width', () => {
  const widthOf = (...patterns: string[]) => createAutomaton(patterns).width;
  expect(widthOf('^/docs/', '^/admin(?:/|$)', '^/api/v[0-9]/')).toBe(0);
  expect(widthOf('\\.css$')).toBeGreaterThan(3);
  expect(widthOf('.*a.{0,20}b')).toBeGreaterThan(20);
  expect(widthOf('^/a.{0,200}b')).toBeLessThan(9);
});
