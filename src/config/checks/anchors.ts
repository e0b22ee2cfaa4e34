/** Where a pattern begins to match: at the beginning of the text, or anywhere in it. */

const FLAGS = /^\(\?[a-zA-Z-]+\)/;
const GROUP = /^\((?:\?:|\?[a-zA-Z-]+:|\?P?<\w+>|(?!\?))/;
/** What comes to a search anywhere in the text, although an anchor stands before it. */
const ANYTHING = /^\(?\.[*+]/;

/** Whether every alternative of a pattern in RE2 syntax begins with `^` or `\A`, and not with `^.*`. */
export function isAnchored(pattern: string): boolean {
  return alternativesOf(pattern.replace(FLAGS, '')).every(beginsAnchored);
}

function beginsAnchored(text: string): boolean {
  const anchor = /^(?:\^|\\A)/.exec(text)?.[0];
  if (anchor !== undefined) return !ANYTHING.test(text.slice(anchor.length));
  const group = GROUP.exec(text)?.[0];
  return group !== undefined && isAnchored(contentOf(text.slice(group.length)));
}

/** The text up to the bracket that closes the group which has just begun. */
function contentOf(text: string): string {
  const end = walk(text, (character, depth) => character === ')' && depth < 0);
  return text.slice(0, end);
}

/** The parts between the bars that stand in no group. */
function alternativesOf(text: string): string[] {
  const end = walk(text, (character, depth) => character === '|' && depth === 0);
  if (end === text.length) return [text];
  return [text.slice(0, end), ...alternativesOf(text.slice(end + 1))];
}

/** One step of a pattern: an escape, a class, or a character. A bracket that stands first belongs to the class. */
const STEP = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]])*\]|[\s\S]/g;

/** Where `stop` says so, outside of classes and escapes; else the end. Inside a group `depth` is above 0. */
function walk(text: string, stop: (character: string, depth: number) => boolean): number {
  let depth = 0;
  for (const { 0: step, index } of text.matchAll(STEP)) {
    if (step === '(') depth++;
    if (step === ')') depth--;
    if (stop(step, depth)) return index;
  }
  return text.length;
}

/** What matches every text where nothing stands behind it, and what also does before a `$`. */
const ALL_WITHOUT_END = new Set(['', '/', '/?', '.', '/*']);
const ALL = new Set(['.*', '.+', '/.*', '/?.*', '.*?', '(.*)', '/(.*)', '(/.*)', '(?:.*)', '/(?:.*)', '(?:/.*)']);

/** Whether a pattern is one of the usual ways to say "every path". */
export function matchesEveryPath(pattern: string): boolean {
  const bare = pattern.replace(FLAGS, '').replace(/^(?:\^|\\A)/, '');
  const withoutEnd = bare.replace(/(?:\$|\\z)$/, '');
  return ALL.has(withoutEnd) || (bare === withoutEnd && ALL_WITHOUT_END.has(bare));
}
