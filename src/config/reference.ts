/** Writes the reference of all keys from the schema, so that it says what the program does. */
import type * as z from 'zod';
import { accessRule } from './schema/access_rule.ts';
import { application } from './schema/application.ts';
import { config } from './schema/config.ts';
import { defaultOf, isOptional, notesOf, shapeOf } from './schema/walk.ts';

const BEGIN = '<!-- keys: written by npm run docs:config -->';
const END = '<!-- end of keys -->';

/** The page with its reference brought up to date; the text outside the two marks is kept. */
export function updateReference(page: string): string {
  const [before, rest] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  if (!page.includes(BEGIN) || !page.includes(END)) throw new Error(`the page needs the lines ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${reference()}\n${rest}`;
}

/** One chapter for the top level, one for applications, one for access rules. */
export function reference(): string {
  return [
    '## Keys of the top level\n',
    ...keys(config.shape),
    '## Keys of an application\n',
    'In the list `applications`.\n',
    ...keys(application.shape),
    '## Keys of an access rule\n',
    'In the list `access` of an application. `path`, `methods`, `networks` and `hosts` say which requests the rule is about: all that are given must match.',
    '`groups`, `users` and `emails` say which users are allowed: any of them is enough. Each claim of `claims`, and `email_verified`, must hold besides.\n',
    ...keys(accessRule.shape),
  ].join('\n');
}

function keys(shape: Readonly<Record<string, z.core.$ZodType>>, parent = ''): string[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const nested =
      parent === '' && /^(?:listen|redis|limits|log|outpost|cookie|pages)$/.test(name)
        ? keys(shapeOf(schema), `${name}.`)
        : [];
    return [entry(parent + name, schema), ...nested];
  });
}

function entry(name: string, schema: z.core.$ZodType): string {
  const { description, allowed = 'a mapping', example, file } = notesOf(schema);
  const key = name.slice(name.lastIndexOf('.') + 1);
  const lines = [
    `### \`${name}\`\n`,
    `${description}\n`,
    `- Type: ${allowed}`,
    `- Default: ${defaultText(schema)}`,
    ...(example === undefined ? [] : [`- Example: \`${key}: ${example}\``]),
    ...(file ? [`- \`${key}_file\` reads it from a file.`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function defaultText(schema: z.core.$ZodType): string {
  const { default: text } = notesOf(schema);
  if (text !== undefined) return text;
  const value = defaultOf(schema);
  if (value === undefined) return isOptional(schema) ? 'none' : 'none, the key is required';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `\`[${value.map(quoted).join(', ')}]\``;
  return typeof value === 'object' ? 'see its keys below' : `\`${value}\``;
}

/** As YAML wants it between brackets. */
function quoted(item: unknown): string {
  return /^:|: /.test(String(item)) ? `"${item}"` : String(item);
}
