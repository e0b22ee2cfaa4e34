/** Reads YAML 1.2 with the positions that errors are reported with. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { ConfigProblem, KeyPath } from './problems.ts';
import { isNull, type Raw, type RawMapping } from './raw.ts';

export interface YamlReading {
  raw: Raw;
  problems: ConfigProblem[];
  /** The line of a key, or of what is nearest to it where it is missing. */
  lineOf(path: KeyPath): number;
}

/** Our own sentences: the parser's may quote the text around a mistake, and that may be a secret. */
const sentences: Record<string, string> = {
  DUPLICATE_KEY: 'this key is there twice in one mapping',
  TAB_AS_INDENT: 'a tab indents this line: YAML allows only spaces there',
  BAD_INDENT: 'this line is not indented as the lines around it',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing before this place',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping begins inside a value: indent it on a line of its own, or quote the value',
  BLOCK_IN_FLOW: 'a list or mapping with its own lines cannot stand between brackets',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line: a colon may be missing here, or a closing quote',
  MULTIPLE_DOCS: 'a second YAML document begins here (---): one is allowed',
  BAD_ALIAS: 'an alias or anchor must have a name',
  BAD_DQ_ESCAPE: 'this backslash escape is unknown: use single quotes for text with backslashes',
  BAD_SCALAR_START: 'a value that begins with this character must be quoted',
  UNEXPECTED_TOKEN: 'something stands here that YAML does not expect: a quote or bracket before it may be wrong',
};

/** Reads a text. With `problems`, `raw` is only what could be understood. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const lineAt = (node: Node | null | undefined) => (node?.range ? lines.linePos(node.range[0]).line : 0);
  const problems = document.errors.map((error) => describe(error, lines, text));
  const report = (node: Node | null, message: string) => problems.push({ key: '', line: lineAt(node), message });
  const raw = problems.length > 0 ? null : toRaw(document.contents, document, report, new Set());
  return { raw, problems, lineOf: (path) => lineAt(locate(document, path)) };
}

function describe({ code, pos }: YAMLError, lines: LineCounter, text: string): ConfigProblem {
  const [start] = pos;
  // Only what is plainly a name before a colon: beside other mistakes the text there may be a value, and a secret.
  const name = code === 'DUPLICATE_KEY' ? /^[a-z_]{1,40}(?=\s*:)/.exec(text.slice(start, start + 60))?.[0] : undefined;
  return { key: name ?? '', line: lines.linePos(start).line, message: sentences[code] ?? 'this is not valid YAML' };
}

type ReportNode = (node: Node | null, message: string) => void;

function toRaw(node: Node | null, document: Document, report: ReportNode, within: Set<Node>): Raw {
  if (isAlias(node)) {
    const target = node.resolve(document);
    if (target && !within.has(target)) return toRaw(target, document, report, within);
    report(node, target ? 'this alias refers to what it is a part of' : 'this alias has no anchor (&name) before it');
    return null;
  }
  if (isScalar(node)) return scalarText(node);
  if (!node) return null;
  within.add(node);
  const raw = isMap(node) ? mapping(node, document, report, within) : sequence(node, document, report, within);
  within.delete(node);
  return raw;
}

function scalarText({ value, type }: Scalar): string | null {
  const text = String(value ?? '');
  return type === 'PLAIN' && isNull(text) ? null : text;
}

function sequence(node: Node, document: Document, report: ReportNode, within: Set<Node>): Raw {
  if (!isSeq(node)) return null;
  return node.items.map((item) => (isPair(item) ? null : toRaw(item as Node | null, document, report, within)));
}

function mapping(node: YAMLMap, document: Document, report: ReportNode, within: Set<Node>): RawMapping {
  const raw: RawMapping = {};
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value ?? '') : undefined;
    const value = toRaw(pair.value as Node | null, document, report, within);
    if (key === undefined || key === '__proto__') report(pair.key as Node, 'this is no key of a configuration');
    else if (key === '<<') merge(raw, value);
    else raw[key] = value;
  }
  return raw;
}

/** `<<: *defaults`: what the mapping says itself wins, wherever it stands. */
function merge(raw: RawMapping, value: Raw): void {
  for (const source of Array.isArray(value) ? value : [value]) {
    if (typeof source === 'object' && source) for (const [key, own] of Object.entries(source)) raw[key] ??= own as Raw;
  }
}

/** The node of a path's last key; for a missing one that of the mapping or list it is missing in. */
function locate(document: Document, path: KeyPath): Node | null {
  let at = document.contents as Node | null;
  let found = at;
  for (const part of path) {
    const place: Node | null = isAlias(at) ? (at.resolve(document) ?? null) : at;
    if (isSeq(place) && typeof part === 'number') {
      at = (place.items[part] as Node | undefined) ?? null;
      found = at ?? found;
    } else if (isMap(place)) {
      const pair = findPair(place, String(part)) ?? findPair(place, `${part}_file`);
      if (!pair) break;
      found = pair.key as Node;
      at = pair.value as Node | null;
    } else break;
  }
  return found;
}

function findPair(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}
