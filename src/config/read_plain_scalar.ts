/** Reads what stands on one line of the plainest YAML: a scalar, or a list or mapping between brackets. */
import { isNull, type Raw, type RawMapping } from './raw.ts';

/** Thrown where the text is not plain. */
export const notPlain = new Error('not plain YAML');

/** Whether nothing but a comment is left. */
export function isComment(rest: string): boolean {
  return /^ *(?:#.*)?$/.test(rest);
}

/** Characters that a plain scalar may safely begin with, and what it may hold in a block and between brackets. */
const blockScalar = /[A-Za-z0-9_./^~$(+<=\\][^\n]*/y;
const flowScalar = /[A-Za-z0-9_./^~$(+<=\\][^,[\]{}\n]*/y;
const singleQuoted = /'((?:[^']|'')*)'/y;
const doubleQuoted = /"([^"\\]*)"/y;
const flowKey = /([A-Za-z_][A-Za-z0-9_-]*): +/y;

interface Cursor {
  text: string;
  at: number;
}

/** The value at the start of `rest`, after which only a comment may follow. */
export function readInline(rest: string): Raw {
  const cursor = { text: rest, at: 0 };
  const first = rest[0];
  if (first !== '[' && first !== '{' && first !== "'" && first !== '"') {
    const comment = rest.indexOf(' #');
    return plain(take(blockScalar, { text: comment < 0 ? rest : rest.slice(0, comment), at: 0 }));
  }
  const value = readFlow(cursor);
  const after = rest.slice(cursor.at);
  if (after !== '' && !/^ +(?:#.*)?$/.test(after)) throw notPlain;
  return value;
}

/** What a sticky pattern finds at the cursor, which moves behind it. */
function take(pattern: RegExp, cursor: Cursor): string {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (!found) throw notPlain;
  cursor.at = pattern.lastIndex;
  return found[1] ?? found[0];
}

function plain(text: string): string | null {
  const value = text.replace(/ +$/, '');
  // A colon before a space or at the end makes a key of what stands before it.
  if (value.includes(': ') || value.includes(' #') || value.endsWith(':')) throw notPlain;
  return isNull(value) ? null : value;
}

function readFlow(cursor: Cursor): Raw {
  const first = cursor.text[cursor.at];
  if (first === "'") return take(singleQuoted, cursor).replaceAll("''", "'");
  if (first === '"') return take(doubleQuoted, cursor);
  if (first === '[') return readFlowList(cursor);
  if (first === '{') return readFlowMapping(cursor);
  return plain(take(flowScalar, cursor));
}

const skip = (cursor: Cursor) => {
  while (cursor.text[cursor.at] === ' ') cursor.at++;
};

/** Reads items up to the closing bracket; `item` reads one. */
function readItems(cursor: Cursor, close: string, item: () => void): void {
  cursor.at++;
  skip(cursor);
  while (cursor.text[cursor.at] !== close) {
    item();
    skip(cursor);
    if (cursor.text[cursor.at] === ',') cursor.at++;
    else if (cursor.text[cursor.at] !== close) throw notPlain;
    skip(cursor);
  }
  cursor.at++;
}

function readFlowList(cursor: Cursor): Raw[] {
  const list: Raw[] = [];
  readItems(cursor, ']', () => list.push(readFlow(cursor)));
  return list;
}

function readFlowMapping(cursor: Cursor): RawMapping {
  const mapping: RawMapping = {};
  readItems(cursor, '}', () => {
    const key = take(flowKey, cursor);
    if (key === '__proto__' || Object.hasOwn(mapping, key)) throw notPlain;
    mapping[key] = readFlow(cursor);
  });
  return mapping;
}
