/** Reads YAML 1.2 with the lines that errors are reported with. */
import type { ConfigProblem, KeyPath } from '../problems.ts';
import { explainSyntax } from './explain_syntax.ts';
import { readNodes, type YamlCollection, type YamlNode } from './nodes.ts';
import type { Raw, RawMapping } from './raw.ts';

export interface YamlReading {
  /** `null` where there are problems. */
  raw: Raw;
  problems: ConfigProblem[];
  /** The line of a key, or of what is nearest to it where it is missing. */
  lineOf(path: KeyPath): number;
}

/** Reads a text. What is wrong with it as YAML is all in `problems`; a mistake that ends the reading stands there alone. */
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

/** With aliases written out: what is filled in later must not show up in two places. */
function toRaw(node: YamlNode): Raw {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(toRaw);
  const raw: RawMapping = {};
  for (let index = 0; index < node.items.length; index += 2) {
    raw[nameOf(node.items[index]!)!] = toRaw(node.items[index + 1]!);
  }
  return Object.hasOwn(raw, '<<') ? merge(raw) : raw;
}

/** `<<: *defaults`: what the mapping says itself wins, wherever it stands, then what an earlier source says. */
function merge({ '<<': sources, ...own }: RawMapping): RawMapping {
  const all = (Array.isArray(sources) ? sources : [sources]) as RawMapping[];
  return Object.assign({}, ...all.reverse(), own);
}

function nameOf(key: YamlNode | undefined): string | null {
  return key?.kind === 'scalar' ? key.text : null;
}

/** The line of a path's last key; of a missing one that of the mapping or list it is missing in. */
function findLine(root: YamlNode | undefined, path: KeyPath): number {
  let line = root?.line ?? 0;
  let at = root;
  for (const part of path) {
    const found: YamlNode[] = at === undefined || at.kind === 'scalar' ? [] : findEntry(at, part);
    if (found.length === 0) break;
    line = found[0]!.line;
    at = found.at(-1);
  }
  return line;
}

/** The key and the value, or the item; empty where there is none. */
function findEntry({ kind, items }: YamlCollection, part: string | number): YamlNode[] {
  if (kind === 'list') return typeof part === 'number' ? items.slice(part, part + 1) : [];
  const isKey = (name: string) => (node: YamlNode, index: number) => index % 2 === 0 && nameOf(node) === name;
  const own = items.findIndex(isKey(String(part)));
  const index = own >= 0 ? own : items.findIndex(isKey(`${part}_file`));
  return index < 0 ? [] : items.slice(index, index + 2);
}
