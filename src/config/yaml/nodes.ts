/**
 * Parses YAML 1.2 (by js-yaml) to a tree of nodes, each with its line, and reports everything that no configuration may
 * have.
 */
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
import type { ReportLine, YamlCollection, YamlNode } from './node.ts';
import { countLines, findSecondDocument, placeOf } from './positions.ts';
import { isNull } from './raw.ts';

interface ParseState {
  text: string;
  report: ReportLine;
  lineAt: ReturnType<typeof countLines>;
  /** The collections that have begun and not ended, from the outermost on. */
  open: YamlCollection[];
  document: YamlCollection;
  anchors: Map<string, YamlNode>;
  /** How many nodes aliases have added. */
  aliased: number;
  /** Where the last event that has a place ended. */
  end: number;
}

/** Attack: ten lines, each a list of ten aliases of the line before, come to ten billion values. */
const MAX_ALIASED_NODES = 1_000_000;

/** As the parser's own limit, which does not count levels that come from aliases. */
const MAX_LEVELS = 100;

/**
 * The root of the tree; `undefined` for a text without a node.
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
  const state: ParseState = { text, report, lineAt, open: [], document, anchors: new Map(), aliased: 0, end: 0 };
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) state.open.push(document);
    else if (event.type === EVENT_ID.POP) close(state);
    else add(state, event);
  }
  return document.items[0];
}

type NodeEvent = Exclude<Event, PopEvent | { type: typeof EVENT_ID.DOCUMENT }>;

function add(state: ParseState, event: NodeEvent): void {
  const parent = state.open.at(-1) ?? state.document;
  const line = lineOf(state, event, parent);
  if (event.type === EVENT_ID.ALIAS) {
    parent.items.push(follow(state, event, line));
    return;
  }
  const node = begin(state.text, event, line);
  parent.items.push(node);
  if (node.kind !== 'scalar') state.open.push(node);
  if (event.anchorStart >= 0) state.anchors.set(state.text.slice(event.anchorStart, event.anchorEnd), node);
  // Every value is text here, so a tag says nothing; but a password such as !a b would lose its first word to it.
  if (event.tagStart >= 0) state.report(line, 'a tag stands here: a value that begins with ! must be quoted');
}

/** An empty item of a list is where its dash is; an empty value has no place of its own. */
function lineOf(state: ParseState, event: NodeEvent, parent: YamlCollection): number {
  let place = placeOf(event);
  if (!place) {
    const at = parent.kind === 'list' ? state.text.indexOf('-', state.end) : state.end;
    place = [at, at + 1];
  }
  state.end = place[1];
  return state.lineAt(place[0]);
}

function begin(text: string, event: Exclude<NodeEvent, AliasEvent>, line: number): YamlNode {
  if (event.type === EVENT_ID.SEQUENCE) return { kind: 'list', line, size: 1, levels: 1, items: [] };
  if (event.type === EVENT_ID.MAPPING) return { kind: 'mapping', line, size: 1, levels: 1, items: [] };
  const value = getScalarValue(text, event);
  const nothing = event.style === SCALAR_STYLE.PLAIN && isNull(value);
  return { kind: 'scalar', line, size: 1, levels: 1, text: nothing ? null : value };
}

/** The node that an alias stands for, at the line of the alias. */
function follow(state: ParseState, { anchorStart, anchorEnd }: AliasEvent, line: number): YamlNode {
  const { anchors, open, report, text } = state;
  const target = anchors.get(text.slice(anchorStart, anchorEnd));
  if (!target) report(line, 'this alias has no anchor (&name) before it: a value that begins with * must be quoted');
  else if (open.some((node) => node === target)) report(line, 'this alias refers to what it is a part of');
  else if (open.length + target.levels > MAX_LEVELS) report(line, 'this alias nests lists and mappings too deeply');
  else {
    const before = state.aliased;
    state.aliased += target.size;
    if (state.aliased <= MAX_ALIASED_NODES) return { ...target, line };
    if (before <= MAX_ALIASED_NODES)
      report(line, `the aliases up to here stand for more than ${MAX_ALIASED_NODES} values`);
  }
  // An empty mapping causes the fewest problems that follow from this one.
  return { kind: 'mapping', line, size: 1, levels: 1, items: [] };
}

function close({ open, report }: ParseState): void {
  const node = open.pop();
  if (!node) return;
  for (const { size, levels } of node.items) {
    node.size += size;
    node.levels = Math.max(node.levels, levels + 1);
  }
  if (node.kind === 'mapping') checkKeys(node, report);
}
