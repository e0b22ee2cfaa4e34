/** Reads a page of docs/recipes: its configuration, its commands, and what it adds to the proxy's files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../docs/fences.ts';

const folder = join(root, 'docs/recipes');

/** The names of all recipes. */
export const pages = readdirSync(folder).flatMap((file) =>
  file.endsWith('.md') && file !== 'README.md' ? file.slice(0, -'.md'.length) : [],
);

export const textOf = (page: string): string => readFileSync(join(folder, `${page}.md`), 'utf8');

/** The blocks of code in a language, in their order. */
export function blocks(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...textOf(page).matchAll(fence)].map(([, code]) => code!);
}

/** The configuration as it stands there; variables have a value. */
export function configText(page: string): string {
  const found = blocks(page, 'yaml').filter((code) => /^applications:/m.test(code));
  if (found.length !== 1) throw new Error(`docs/recipes/${page}.md has ${found.length} configurations`);
  return found[0]!.replaceAll(/\$\{\w+\}/g, 'a-value-that-has-more-than-32-characters');
}

/** What users type, one command each, without its comment; `comment` is that. */
export interface Command {
  words: string[];
  /** As it stands there. */
  text: string;
  comment: string;
}

/** The commands of all blocks for the shell, continued lines put together. */
export function commands(page: string): Command[] {
  const lines = blocks(page, 'sh').flatMap((code) =>
    code
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
  return lines.map((line) => {
    const [text = '', comment = ''] = line.split(/\s+#\s/, 2);
    return { text, comment, words: (text.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '')) };
  });
}

/** The parameters of the page's one command of Gatepost that begins with these words. */
export function gatepostCommand(page: string, name: string): string[] {
  const found = commands(page).filter(({ words }) => words[0] === 'gatepost' && words[1] === name);
  if (found.length !== 1) throw new Error(`docs/recipes/${page}.md has ${found.length} commands ${name}`);
  return found[0]!.words.slice(1);
}

/** The one command that begins in this way, for the shell. */
export function shellCommand(page: string, start: string): string {
  const found = commands(page).filter(({ text }) => text.startsWith(start));
  if (found.length !== 1) throw new Error(`docs/recipes/${page}.md has ${found.length} commands ${start}`);
  return found[0]!.text;
}

/** What comes at the end of files of the proxy, by the name of the file. */
export function additions(page: string): [file: string, code: string][] {
  return blocks(page, 'nginx').map((code) => {
    const [, file] = /^# proxy\/(\S+), at its end\n/.exec(code) ?? [];
    if (file === undefined) throw new Error(`docs/recipes/${page}.md does not say where its lines belong`);
    return [file, code];
  });
}
