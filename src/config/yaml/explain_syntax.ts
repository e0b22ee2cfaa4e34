/**
 * Says why a text is not YAML. The parser's own message is never shown, since it may quote the text, and that may be a
 * secret: only the place is taken from it, and the characters there decide which slip it is likely to be.
 */
import { YAMLException } from 'js-yaml';
import type { ConfigProblem } from '../problems.ts';

interface Slip {
  /** The part of the line before the place where the parser gave up; any text where it is left out. */
  before?: RegExp;
  /** The part of the line from that place on. */
  after?: RegExp;
  message: string;
}

/** The first that fits is reported. */
const SLIPS: Slip[] = [
  { after: /^\t/, message: 'a tab indents this line: YAML allows only spaces there' },
  {
    before: /:\s.*$/,
    after: /^:(?:\s|$)/,
    message: 'a colon stands inside a value: quote the value, or begin the key behind a comma or on a line of its own',
  },
  {
    after: /^:(?:\s|$)/,
    message: 'a colon, or the space behind it, may be missing on the line before, or this line is indented too far',
  },
  { before: /\\$/, message: 'this backslash escape is unknown: use single quotes for text with backslashes' },
  { after: /^\p{Cc}/u, message: 'a control character stands here: remove it, or escape it between double quotes' },
  { after: /^[@`%]/, message: 'a value that begins with this character (@, ` or %) must be quoted' },
  { before: /(?:^|[\s,[{])[*&!]\S*\s*$/, message: 'a value that begins with *, & or ! must be quoted' },
  { before: /[|>][-+\d]*\s*$/, after: /^\S/, message: 'the text after | or > begins on the next line' },
  {
    before: /["'\]}]\s*$/,
    after: /^\S/,
    message: 'something stands behind a closing quote or bracket: quote the whole value, or put a comma between',
  },
  {
    before: /^\s*$/,
    after: /^[\]}]/,
    message: 'a closing bracket on a line of its own must be indented more than the key that it belongs to',
  },
  {
    before: /^\s*$/,
    after: /^\S/,
    message: 'this line is not indented as the lines around it, or a quote or bracket before it is not closed',
  },
  { before: /^\s*$/, message: 'a closing quote or bracket is missing before this place' },
];

/** No more of a line is looked at: a file may be one line of megabytes. */
const CONTEXT_CHARS = 200;

/** The problem behind an error of the parser. */
export function explainSyntax(text: string, error: unknown): ConfigProblem {
  const mark = error instanceof YAMLException ? error.mark : undefined;
  const { position = 0, column = 0, line = -1 } = mark ?? {};
  const before = text.slice(position - Math.min(column, CONTEXT_CHARS), position);
  const [after = ''] = text.slice(position, position + CONTEXT_CHARS).split(/[\r\n]/, 1);
  const slip = SLIPS.find((one) => (one.before?.test(before) ?? true) && (one.after?.test(after) ?? true));
  return { key: '', line: line + 1, message: slip?.message ?? 'this is not valid YAML' };
}
