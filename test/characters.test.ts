import { describe, expect, test } from 'vitest';
import {
  changesOnTheWay,
  escapeControls,
  escapeUnreadable,
  escapeUnreadableInLines,
  hasControls,
  replaceControls,
} from '../src/characters.ts';

/** Every UTF-16 unit by itself. */
const units = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
const controls = units.filter((unit) => /\p{Cc}|\u2028|\u2029/u.test(unit));
const isLoneSurrogate = (unit: string) => unit >= '\ud800' && unit <= '\udfff';

test('there are 67 controls and separators', () => expect(controls).toHaveLength(67));

// Attack: an application trims a name, or stops reading it at a control character, and finds somebody else's.
describe('a value changes on its way', () => {
  test('with any control character anywhere', () => {
    expect(controls.filter((unit) => !changesOnTheWay(`ro${unit}ot`))).toEqual([]);
  });

  test('with any white space at an end, and none for it in the middle', () => {
    // Invisible, too: format characters and whatever else may be ignored when it is drawn (but not the selectors that
    // end an emoji), and the Braille cell without dots.
    const blank = /\p{White_Space}|\u2800|(?![\u0600-\u08e2]|[\ufe00-\ufe0f])[\p{Cf}\p{DI}]|\u061c/u;
    const spaces = units.filter((unit) => blank.test(unit));
    expect(spaces.length).toBeGreaterThan(60);
    for (const unit of spaces) {
      expect([unit, changesOnTheWay(`root${unit}`), changesOnTheWay(`${unit}root`)]).toEqual([unit, true, true]);
      if (!controls.includes(unit)) expect([unit, changesOnTheWay(`ro${unit}ot`)]).toEqual([unit, false]);
    }
  });

  test('with half a character, which UTF-8 does not have', () => {
    expect(units.filter(isLoneSurrogate).every((unit) => changesOnTheWay(`ro${unit}ot`))).toBe(true);
  });

  test.each([
    '',
    'root',
    'Łukasz 山田',
    'a b',
    'Zoë',
    '😀',
    '😀 x 😀',
    "o'neill",
    'a|b',
    '\u2764\ufe0f',
    'a\u200db',
  ])('%s does not', (text) => {
    expect(changesOnTheWay(text)).toBe(false);
  });
});

test('controls become a space each, or are escaped so that JSON reads the same text', () => {
  for (const unit of controls) {
    expect(hasControls(unit)).toBe(true);
    expect(replaceControls(`a${unit}b`)).toBe('a b');
    expect(JSON.parse(`"${escapeControls(`a${unit}b`)}"`)).toBe(`a${unit}b`);
  }
  expect(hasControls('Łukasz 山田 😀')).toBe(false);
  expect(replaceControls('Łukasz 山田 😀')).toBe('Łukasz 山田 😀');
});

test('on a terminal what turns the order of reading is visible as well', () => {
  expect(escapeUnreadable('a\n\u001b[2J\u009b\u202eb\u2066')).toBe('a\\u000a\\u001b[2J\\u009b\\u202eb\\u2066');
  expect(escapeUnreadableInLines('one\ntwo\r\u001b')).toBe('one\ntwo\\u000d\\u001b');
});
