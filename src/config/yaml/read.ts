/** Reads YAML 1.2 with the lines that errors are reported with. */
import type { ConfigProblem, KeyPath } from '../problems.ts';
import { explainSyntax } from './explain_syntax.ts';
import { entriesOf, nameOf, type YamlCollection, type YamlNode } from './node.ts';
import { readNodes } from './nodes.ts';
import type { Raw, RawMapping } from './raw.ts';

export interface YamlReading {
  /** `null` where there are problems. */
  raw: Raw;
  problems: ConfigProblem[];
  /** The line of a key, or of what is nearest to it where it is missing. */
  lineOf(path: KeyPath): number;
}

/**
 * Parses a text. `problems` has everything that is wrong with it as YAML; a mistake that ends the parsing stands there
 * alone.
 */
export function readYaml(text: string): YamlReading {
  const problems: ConfigProblem[] = [];
  let root: YamlNode | undefined;
  try {
    root = readNodes(text, (line, message, key = '') => problems.push({ key, line, message }));
  } catch (error) {
    problems.push(explainSyntax(text, error));
  }
  const raw = root && problems.length === 0 ? toRaw(root) : null;
  return { raw, problems, lineOf: (path) => findLine(root, path) };
}

/** With aliases written out: a value that is filled in later must not show up in two places. */
function toRaw(node: YamlNode): Raw {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(toRaw);
  const raw: RawMapping = {};
  for (const [key, value] of entriesOf(node)) {
    const name = nameOf(key);
    if (name !== null) raw[name] = toRaw(value);
  }
  return Object.hasOwn(raw, '<<') ? merge(raw) : raw;
}

/** `<<: *defaults`: what the mapping says itself wins, wherever it stands, then what an earlier source says. */
function merge({ '<<': sources, ...own }: RawMapping): RawMapping {
  const all = (Array.isArray(sources) ? sources : [sources]) as RawMapping[];
  return Object.assign({}, ...all.reverse(), own);
}

/** The line of a path's last key; of a missing one that of the mapping or list it is missing in. */
function findLine(root: YamlNode | undefined, path: KeyPath): number {
  let line = root?.line ?? 0;
  let node = root;
  for (const part of path) {
    const found = node && node.kind !== 'scalar' ? findEntry(node, part) : undefined;
    if (!found) break;
    ({ line, node } = found);
  }
  return line;
}

/** The value of a key, or an item of a list, with the line where it is named. */
function findEntry(parent: YamlCollection, part: string | number): { line: number; node: YamlNode } | undefined {
  if (parent.kind === 'list') {
    const item = typeof part === 'number' ? parent.items[part] : undefined;
    return item && { line: item.line, node: item };
  }
  const entries = entriesOf(parent);
  const named = (name: string) => entries.find(([key]) => nameOf(key) === name);
  const entry = named(String(part)) ?? named(`${part}_file`);
  return entry && { line: entry[0].line, node: entry[1] };
}
