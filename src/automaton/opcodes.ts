/** The instructions of re2js's programs, which are those of Go's `regexp/syntax`. */

type OpcodeName =
  | ('ALT' | 'ALT_MATCH' | 'CAPTURE' | 'EMPTY_WIDTH' | 'FAIL' | 'MATCH' | 'NOP')
  | ('RUNE' | 'RUNE1' | 'RUNE_ANY' | 'RUNE_ANY_NOT_NL');

/** The types of the program's instructions. */
export interface Opcodes {
  alt: number;
  altMatch: number;
  emptyWidth: number;
  fail: number;
  match: number;
  /** Those that read no character and end no pattern. */
  silent: readonly number[];
  /** Those that read a character: one of a class, a certain one, any, any but a line end. */
  runes: readonly [number, number, number, number];
}

export interface Instruction {
  op: number;
  out: number;
  arg: number;
  matchRune(codePoint: number): boolean;
}

/** The constants of the installed version: a program whose numbers mean something else must not be read. */
export function opcodesOf(instruction: Instruction): Opcodes {
  const type: unknown = instruction.constructor;
  const read = (name: OpcodeName): number => {
    const value: unknown = typeof type === 'function' ? Reflect.get(type, name) : undefined;
    if (typeof value !== 'number') throw new Error(`re2js has no instruction ${name}`);
    return value;
  };
  const [alt, altMatch, emptyWidth] = [read('ALT'), read('ALT_MATCH'), read('EMPTY_WIDTH')];
  const runes = [read('RUNE'), read('RUNE1'), read('RUNE_ANY'), read('RUNE_ANY_NOT_NL')] as const;
  const [fail, match] = [read('FAIL'), read('MATCH')];
  const silent = [alt, altMatch, emptyWidth, fail, read('CAPTURE'), read('NOP')];
  return { alt, altMatch, emptyWidth, fail, match, silent, runes };
}
