/** Characters that cannot stand in a header, a log line or on a terminal as they are. Pure. */

/** C0, DEL, C1, and the separators of lines and paragraphs. */
const CONTROLS = /[\0-\x1f\x7f-\x9f\u2028\u2029]/g;

/** Those, and what changes the order in which a line is read. */
const UNREADABLE = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** Those but the line feed, which ends a line of the program's own. */
const UNREADABLE_IN_LINES = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/**
 * White space, and what is as invisible at an end: characters that take no space or set the direction, and those that
 * are drawn as a blank (fillers of Hangul, the empty Braille cell).
 */
const BLANK = String.raw`[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\uffa0\ufff0-\ufffb]`;

/** A blank at an end, controls, and halves of a character (lone surrogates). */
const CHANGES_ON_THE_WAY = new RegExp(String.raw`^${BLANK}|${BLANK}$|[\p{Cc}\p{Cs}\u2028\u2029]`, 'u');

/**
 * Whether a value reaches an application as another one. Header values lose white space at their ends on the way
 * (RFC 9110 section 5.5), controls become spaces, and applications trim more than that: `root ` is read as `root`.
 */
export function changesOnTheWay(text: string): boolean {
  return CHANGES_ON_THE_WAY.test(text);
}

export function hasControls(text: string): boolean {
  return replaceControls(text) !== text;
}

/** Each control character as a space. */
export function replaceControls(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/** Control characters as `\u0085`, which JSON reads as the same text. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escapeOne);
}

/** For a line on a terminal: also what changes the order in which it is read. */
export function escapeUnreadable(text: string): string {
  return text.replace(UNREADABLE, escapeOne);
}

/** For several lines on a terminal. */
export function escapeUnreadableInLines(text: string): string {
  return text.replace(UNREADABLE_IN_LINES, escapeOne);
}

const escapeOne = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
