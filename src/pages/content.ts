/** What a page says, without markup: the parts that the layout knows, in the order in which a reader meets them. */
import type { Reason } from '../reasons.ts';
import type { Texts } from './texts/index.ts';

/** A page in every language, and the response that it belongs to. */
export interface Page {
  /** Without one it is the page of a success. */
  reason?: Reason;
  /** Where the status is not the one that `REASONS` has for the reason. */
  status?: number;
  /** Where the page shows a code that is more exact than the reason. */
  code?: string;
  /** Where the browser goes on to by itself. */
  goOnTo?: string;
  /** What the page says in one language. */
  content(texts: Texts): PageContent;
}

export interface PageContent {
  title: string;
  /** The title of the window, where `title` alone would say too little there. */
  windowTitle?: string;
  blocks: Block[];
  /** What the visitor can do. The first one is what most want; the others look less important. */
  actions?: Action[];
}

/** A part of a page. A text is a paragraph. */
export type Block =
  | string
  /** Names and values: what a visitor can compare, or give to an administrator. */
  | { facts: Fact[] }
  /** Points of equal weight. */
  | { list: string[] }
  /** Things of one kind (sessions, sites), each with its facts and its own small buttons. */
  | { records: PageRecord[] }
  /** A part with a heading of its own (`h2`). */
  | { section: string; blocks: Block[] }
  /** A part that is folded up until the visitor opens it, for the few who need it. */
  | { details: string; blocks: Block[]; open?: boolean }
  /** Links and buttons within the page, where they belong to the part that they stand in. */
  | { actions: Action[] };

/** Several values are several lines. */
export type Fact = [name: string, value: string | string[]];

export interface PageRecord {
  /** A heading (`h3`): what the record is. */
  name: string;
  /** A word that tells it from the others, beside the name: "this one". */
  mark?: string;
  facts?: Fact[];
  actions?: Action[];
}

/** A link, or a button that posts a form to a path of this site. */
export type Action = Link | Form;

export interface Link {
  text: string;
  /** An absolute URL, `http:` or `https:`. */
  href: string;
}

export interface Form {
  text: string;
  /** A path of this site. */
  action: string;
  /** Goes with the form, unseen. */
  fields?: Record<string, string>;
  /** For screen readers, after the text: what it is about, where several buttons have the same text. */
  about?: string;
  /** The response to the form may be a redirect to another site. */
  leadsAway?: boolean;
}

/** Every action of a page, wherever it stands. */
export function actionsOf({ blocks, actions = [] }: Pick<PageContent, 'blocks' | 'actions'>): Action[] {
  return [...blocks.flatMap(actionsIn), ...actions];
}

function actionsIn(block: Block): Action[] {
  if (typeof block === 'string') return [];
  if ('records' in block) return block.records.flatMap(({ actions = [] }) => actions);
  if ('blocks' in block) return actionsOf(block);
  return 'actions' in block ? block.actions : [];
}
