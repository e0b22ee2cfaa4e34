/** Reads YAML 1.2 (by js-yaml) as a tree of nodes, each with its line; what no configuration may have is reported. */
import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type PopEvent,
  parseEvents,
  SCALAR_STYLE,
} from 'js-yaml';
import { checkKeys } from './keys.ts';
import { countLines, findSecondDocument, placeOf } from './positions.ts';
import { isNull } from './raw.ts';

export type YamlNode = YamlCollection | (Extent & { kind: 'scalar'; text: string | null });

/** A list has its items, a mapping its keys and values in turn. */
export type YamlCollection = Extent & { kind: 'list' | 'mapping'; items: YamlNode[] };

interface Extent {
  line: number;
  /** How many nodes, and how many levels of them, it comes to with every alias written out. */
  size: number;
  levels: number;
}

/** `key` is given only where it is surely no secret. */
export type ReportLine = (line: number, message: string, key?: string) => void;

interface Reading {
  text: string;
  report: ReportLine;
  lineAt: ReturnType<typeof countLines>;
  /** What has begun and not ended, from the outermost on. */
  open: YamlCollection[];
  anchors: Map<string, YamlNode>;
  /** How many nodes aliases have added. */
  aliased: number;
  /** Where the last event that has a place ended. */
  end: number;
}

/** Attack: ten lines, each a list of ten aliases of the line before, come to ten billion values. */
const mostAliased = 1_000_000;

/** As the parser's own limit, which does not count what nests through aliases. */
const mostLevels = 100;

/**
 * The root of the tree; `undefined` where nothing is there.
 *
 * @throws YAMLException where the text is not YAML: its message quotes the text, which may be a secret
 */
export function readNodes(text: string, report: ReportLine): YamlNode | undefined {
  const events = parseEvents(text, {});
  const lineAt = countLines(text);
  const second = findSecondDocument(text, events);
  if (second !== undefined) {
    report(lineAt(second), 'a second YAML document begins here (---): one is allowed');
    return undefined;
  }
  const document: YamlCollection = { kind: 'list', line: 1, size: 0, levels: 0, items: [] };
  const reading: Reading = { text, report, lineAt, open: [], anchors: new Map(), aliased: 0, end: 0 };
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) reading.open.push(document);
    else if (event.type === EVENT_ID.POP) close(reading);
    else add(reading, event);
  }
  return document.items[0];
}

type NodeEvent = Exclude<Event, PopEvent | { type: typeof EVENT_ID.DOCUMENT }>;

function add(reading: Reading, event: NodeEvent): void {
  const parent = reading.open.at(-1)!;
  const line = lineOf(reading, event, parent);
  if (event.type === EVENT_ID.ALIAS) {
    parent.items.push(follow(reading, event, line));
    return;
  }
  const node = begin(reading.text, event, line);
  parent.items.push(node);
  if (node.kind !== 'scalar') reading.open.push(node);
  if (event.anchorStart >= 0) reading.anchors.set(reading.text.slice(event.anchorStart, event.anchorEnd), node);
  // Every value is text here, so a tag says nothing; but a password such as !a b would lose its first word to it.
  if (event.tagStart >= 0) reading.report(line, 'a tag stands here: a value that begins with ! must be quoted');
}

/** An empty item of a list is where its dash is; an empty value has no place of its own. */
function lineOf(reading: Reading, event: NodeEvent, parent: YamlCollection): number {
  let place = placeOf(event);
  if (!place) {
    const at = parent.kind === 'list' ? reading.text.indexOf('-', reading.end) : reading.end;
    place = [at, at + 1];
  }
  reading.end = place[1];
  return reading.lineAt(place[0]);
}

function begin(text: string, event: Exclude<NodeEvent, AliasEvent>, line: number): YamlNode {
  if (event.type === EVENT_ID.SEQUENCE) return { kind: 'list', line, size: 1, levels: 1, items: [] };
  if (event.type === EVENT_ID.MAPPING) return { kind: 'mapping', line, size: 1, levels: 1, items: [] };
  const value = getScalarValue(text, event);
  const nothing = event.style === SCALAR_STYLE.PLAIN && isNull(value);
  return { kind: 'scalar', line, size: 1, levels: 1, text: nothing ? null : value };
}

/** What an alias stands for, at the line of the alias. */
function follow(reading: Reading, { anchorStart, anchorEnd }: AliasEvent, line: number): YamlNode {
  const { anchors, open, report, text } = reading;
  const target = anchors.get(text.slice(anchorStart, anchorEnd));
  if (!target) report(line, 'this alias has no anchor (&name) before it: a value that begins with * must be quoted');
  else if (open.some((node) => node === target)) report(line, 'this alias refers to what it is a part of');
  else if (open.length + target.levels > mostLevels) report(line, 'this alias nests lists and mappings too deeply');
  else {
    const before = reading.aliased;
    reading.aliased += target.size;
    if (reading.aliased <= mostAliased) return { ...target, line };
    if (before <= mostAliased) report(line, `the aliases up to here stand for more than ${mostAliased} values`);
  }
  // What the least further complaint comes of.
  return { kind: 'mapping', line, size: 1, levels: 1, items: [] };
}

function close({ open, report }: Reading): void {
  const node = open.pop()!;
  for (const { size, levels } of node.items) {
    node.size += size;
    node.levels = Math.max(node.levels, levels + 1);
  }
  if (node.kind === 'mapping') checkKeys(node, report);
}
