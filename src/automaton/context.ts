/** What `^`, `$` and `\b` see: the kinds of the two characters that a place lies between. */
import type { Program } from './program.ts';

/** The kind of a character; `EDGE`: there is none, the text begins or ends here. */
export const EDGE = 0;
const NEWLINE = 1;
const WORD = 2;
const OTHER = 3;
export const KINDS = 4;

/** The bits of re2js's `EMPTY_WIDTH` instructions, which are those of Go's `syntax.EmptyOp`. */
const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

/** The kind of each class of characters: one kind for all where no pattern looks at it. */
export function kindsOf(program: Program): Uint8Array {
  const lines = (program.assertions & (BEGIN_LINE | END_LINE)) !== 0;
  const words = (program.assertions & (WORD_BOUNDARY | NO_WORD_BOUNDARY)) !== 0;
  return Uint8Array.from({ length: program.classes }, (_, at) => {
    const member = program.memberOf(at);
    if (lines && member === 0x0a) return NEWLINE;
    return words && isWord(member) ? WORD : OTHER;
  });
}

function isWord(codePoint: number): boolean {
  return codePoint < 0x80 && /\w/.test(String.fromCharCode(codePoint));
}

/** The assertions that hold between two kinds of characters. */
export function assertionsBetween(before: number, after: number): number {
  const begin = before === EDGE ? BEGIN_TEXT | BEGIN_LINE : before === NEWLINE ? BEGIN_LINE : 0;
  const end = after === EDGE ? END_TEXT | END_LINE : after === NEWLINE ? END_LINE : 0;
  return begin | end | ((before === WORD) === (after === WORD) ? NO_WORD_BOUNDARY : WORD_BOUNDARY);
}
