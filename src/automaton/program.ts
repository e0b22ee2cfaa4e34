/**
 * A pattern set as a list of positions (the places where a character is read, and the ends of the patterns), out of the
 * program that re2js has parsed and compiled.
 */
import { RE2Set } from 're2js';
import { type Instruction, type Opcodes, opcodesOf } from './opcodes.ts';

export interface Program {
  /** How many positions there are; they are numbered as the patterns are written. */
  size: number;
  /** Words of 32 bits that have a bit for each position. */
  words: number;
  /** The number of the pattern that ends at a position, -1 where a character is read. */
  ends: Int32Array;
  /** Whether the character at a position may be this one. */
  accepts(position: number, codePoint: number): boolean;
  /** Where the search can be without a character read, before the first position. */
  start: number;
  /** The instruction that follows a position. */
  out: Int32Array;
  /**
   * The positions that can be reached from an instruction without a character read, ascending.
   *
   * @param assertions those that hold here (`^`, `$`, `\b` …), as re2js's bits
   */
  reach(instruction: number, assertions: number): Int32Array;
  /** The assertions that any pattern has. */
  assertions: number;
  /** Characters of one class are the same to every pattern; its number. */
  classOf(codePoint: number): number;
  classes: number;
  /** A member of a class. */
  memberOf(characterClass: number): number;
}

/**
 * The program of a set, in the order in which it is written.
 *
 * @throws an `Error` for what is not in RE2 syntax, and where re2js's program is none that is known here
 */
export function compileProgram(patterns: readonly string[]): Program {
  const set = new RE2Set();
  for (const pattern of patterns) set.add(pattern);
  set.compile();
  const { prog, dfa } = set;
  const instructions: Instruction[] = Array.from({ length: prog.numInst() }, (_, at) => prog.getInst(at));
  const ops = opcodesOf(prog.getInst(0));
  const positions = inWrittenOrder(instructions, prog.start, ops);
  const numbers = new Int32Array(instructions.length).fill(-1);
  positions.forEach((at, position) => {
    numbers[at] = position;
  });
  const at = (position: number) => instructions[positions[position] ?? 0] as Instruction;
  return {
    size: positions.length,
    words: Math.ceil(positions.length / 32),
    ends: Int32Array.from(positions, (_, position) => (at(position).op === ops.match ? at(position).arg : -1)),
    accepts: (position, codePoint) => accepts(at(position), codePoint, ops),
    start: prog.start,
    out: Int32Array.from(positions, (_, position) => at(position).out),
    reach: createReach(instructions, numbers, ops),
    assertions: instructions.reduce((all, { op, arg }) => (op === ops.emptyWidth ? all | arg : all), 0),
    classOf: (codePoint) => dfa.runeClass(codePoint),
    classes: dfa.numClasses,
    memberOf: (characterClass) => (characterClass === 0 ? 0 : (dfa.classBounds[characterClass - 1] ?? 0)),
  };
}

function accepts(instruction: Instruction, codePoint: number, ops: Opcodes): boolean {
  if (instruction.op === ops.runes[2]) return true;
  if (instruction.op === ops.runes[3]) return codePoint !== 0x0a;
  return instruction.op !== ops.match && instruction.matchRune(codePoint);
}

/** Depth first: what follows a character in a pattern gets the number after it, which makes most steps a shift. */
function inWrittenOrder(instructions: readonly Instruction[], start: number, ops: Opcodes): number[] {
  const positions: number[] = [];
  const seen = new Uint8Array(instructions.length);
  const stack = [start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen[at]) continue;
    seen[at] = 1;
    const instruction = instructions[at] as Instruction;
    const { op, out, arg } = instruction;
    const reads = ops.runes.includes(op);
    if (reads || op === ops.match) positions.push(at);
    else if (!ops.silent.includes(op)) throw new Error(`re2js's instruction ${op} is not known`);
    if (op === ops.alt || op === ops.altMatch) stack.push(arg);
    if (op !== ops.match && op !== ops.fail) stack.push(out);
  }
  return positions;
}

function createReach(instructions: readonly Instruction[], numbers: Int32Array, ops: Opcodes): Program['reach'] {
  const seen = new Int32Array(instructions.length);
  const stack: number[] = [];
  let round = 0;
  const visit = (at: number, assertions: number, reached: number[]): void => {
    const position = numbers[at] as number;
    if (position >= 0) {
      reached.push(position);
      return;
    }
    const { op, out, arg } = instructions[at] as Instruction;
    if (op === ops.fail || (op === ops.emptyWidth && (arg & ~assertions) !== 0)) return;
    if (op === ops.alt || op === ops.altMatch) stack.push(arg);
    stack.push(out);
  };
  return (from, assertions) => {
    round += 1;
    const reached: number[] = [];
    stack.push(from);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen[at] === round) continue;
      seen[at] = round;
      visit(at, assertions, reached);
    }
    return Int32Array.from(reached).sort();
  };
}
