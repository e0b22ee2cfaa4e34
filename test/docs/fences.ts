/** Finds the pages of the documentation and the code in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface DocumentationPage {
  /** From the project's folder. */
  path: string;
  text: string;
}

/** Every page that a user may read. */
export function readPages(): DocumentationPage[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) =>
    join('docs', path),
  );
  const top = readdirSync(root, { encoding: 'utf8' });
  const paths = [...top, ...below].filter((path) => path.endsWith('.md'));
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export interface Fence {
  /** `docs/library.md:12`: the line of its first line of code. */
  place: string;
  code: string;
}

/** The blocks of code in a language, on all pages. */
export function readFences(language: string): Fence[] {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return readPages().flatMap(({ path, text }) =>
    [...text.matchAll(block)].map(({ 1: code, index }) => ({
      place: `${path}:${text.slice(0, index).split('\n').length + 1}`,
      code: code!,
    })),
  );
}
