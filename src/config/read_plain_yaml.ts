/**
 * Reads the plainest YAML (block mappings and lists, one-line scalars, one-line `{}` and `[]`, `|` blocks) thirty times as
 * fast as a whole parser, for files with thousands of applications. It never judges: at the first thing that is not
 * surely plain it gives up, and the whole parser reads the file.
 */
import type { Raw, RawMapping } from './raw.ts';
import { isComment, notPlain, readInline } from './read_plain_scalar.ts';

interface Lines {
  all: string[];
  at: number;
}

const unusual = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]|^(?:---|\.\.\.|%)/m;
const entry = /^([A-Za-z_][A-Za-z0-9_-]*):(?: +(.*))?$/;

/** What the text says, exactly as the whole parser would; `undefined` where it is not plain. */
export function readPlainYaml(text: string): Raw | undefined {
  if (unusual.test(text)) return undefined;
  const lines: Lines = { all: text.split('\n'), at: 0 };
  try {
    const raw = readBlock(lines, 0);
    return peek(lines) === -1 ? raw : undefined;
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

/** The indentation of the next line with content, to which it moves; -1 at the end. */
function peek(lines: Lines): number {
  for (; lines.at < lines.all.length; lines.at++) {
    const indent = indentOf(lines.all[lines.at]!);
    const content = lines.all[lines.at]!.charCodeAt(indent);
    if (!Number.isNaN(content) && content !== 0x23) return indent;
  }
  return -1;
}

function indentOf(line: string): number {
  let indent = 0;
  while (line.charCodeAt(indent) === 0x20) indent++;
  return indent;
}

const isItem = (line: string, indent: number) =>
  line.charCodeAt(indent) === 0x2d && (line.length === indent + 1 || line.charCodeAt(indent + 1) === 0x20);

function readBlock(lines: Lines, least: number): Raw {
  const indent = peek(lines);
  if (indent < least) throw notPlain;
  return isItem(lines.all[lines.at]!, indent) ? readList(lines, indent) : readMapping(lines, indent);
}

function readMapping(lines: Lines, indent: number): RawMapping {
  const mapping: RawMapping = {};
  for (let next = peek(lines); next >= indent; next = peek(lines)) {
    const line = lines.all[lines.at]!;
    const [, key, rest = ''] = (next === indent && entry.exec(line.slice(indent))) || [];
    // A list at the indentation of a mapping, when that mapping began inside a list item, ends it elsewhere.
    if (key === undefined || key === '__proto__' || Object.hasOwn(mapping, key)) throw notPlain;
    lines.at++;
    mapping[key] = readValue(lines, indent, rest);
  }
  return mapping;
}

function readValue(lines: Lines, indent: number, rest: string): Raw {
  if (rest === '|' || rest === '|-') return readText(lines, indent, rest === '|');
  if (!isComment(rest)) return readInline(rest);
  const next = peek(lines);
  if (next > indent) return readBlock(lines, next);
  return next === indent && isItem(lines.all[lines.at]!, indent) ? readList(lines, indent) : null;
}

function readList(lines: Lines, indent: number): Raw[] {
  const list: Raw[] = [];
  for (let next = peek(lines); next >= indent; next = peek(lines)) {
    const line = lines.all[lines.at]!;
    if (next > indent) throw notPlain;
    if (!isItem(line, indent)) break;
    const start = indent + 1 + indentOf(line.slice(indent + 1));
    const rest = line.slice(start);
    if (entry.test(rest)) {
      // The mapping begins on the line of its dash.
      lines.all[lines.at] = ' '.repeat(start) + rest;
      list.push(readMapping(lines, start));
      continue;
    }
    lines.at++;
    if (!isComment(rest)) list.push(readInline(rest));
    else list.push(peek(lines) > indent ? readBlock(lines, indent + 1) : null);
  }
  return list;
}

/** The lines of a `|` block, which ends before the first line that is indented less. */
function readText(lines: Lines, parent: number, newline: boolean): string {
  const indent = indentOf(lines.all[lines.at] ?? '');
  const taken: string[] = [];
  for (; lines.at < lines.all.length; lines.at++) {
    const line = lines.all[lines.at]!;
    const own = indentOf(line);
    if (own === line.length && own <= indent) taken.push('');
    else if (own < indent) break;
    else taken.push(line.slice(indent));
  }
  const text = taken.join('\n').replace(/\n+$/, '');
  // Blank lines first, more than one at the end or nothing at all have rules of their own.
  if (indent <= parent || text === '' || taken[0]!.trim() === '' || /\n *$/.test(text)) throw notPlain;
  if (lines.at < lines.all.length && peek(lines) > parent) throw notPlain;
  return newline ? `${text}\n` : text;
}
