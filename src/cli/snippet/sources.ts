/**
 * The files that the package ships for each proxy, and what is changed in them. They are the files that the tests run:
 * a change that finds nothing to change is an error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { packageFile } from '../package_files.ts';
import { changesOf } from './docs_diff.ts';

/** Shipped files by their path in the package. */
export type Sources = Map<string, string>;

/** @param paths files, and folders (with a slash at the end) whose files are meant */
export function readSources(...paths: string[]): Sources {
  const files = paths.flatMap((path) =>
    path.endsWith('/') ? readdirSync(packageFile(path)).map((name) => path + name) : [path],
  );
  return new Map(files.map((file) => [file, readFileSync(packageFile(file), 'utf8')]));
}

export function sourceOf(sources: Sources, path: string): string {
  const text = sources.get(path);
  if (text === undefined) throw new Error(`${path} was not read`);
  return text;
}

/** Where TLS ends: nowhere, in the proxy, or in a load balancer in front of it. */
export type Front = 'plain' | 'tls' | 'balancer';

/**
 * Makes of the plain files those for where TLS ends, as a page of docs/proxies says.
 * @param as the path that the page gives to a file, for one that the page does not name itself
 */
export function applyFront(sources: Sources, page: string, front: Front, as: Record<string, string> = {}): void {
  if (front === 'plain') return;
  const text = readFileSync(packageFile(`docs/proxies/${page}`), 'utf8');
  const isMeant = (heading: string) =>
    front === 'tls' ? heading.startsWith('https') : heading === 'Behind a load balancer that ends TLS';
  for (const { file, change } of changesOf(text, isMeant)) {
    const path = as[file] ?? file;
    sources.set(path, change(sourceOf(sources, path)));
  }
}

/** Replaces placeholders, each wherever it stands; where two begin at one place, the first of them. */
export function fill(text: string, placeholders: Record<string, string>): string {
  const missing = Object.keys(placeholders).find((placeholder) => !text.includes(placeholder));
  if (missing !== undefined) throw new Error(`a shipped file has no ${missing} any more`);
  return replaceAtOnce(text, placeholders);
}

/**
 * In one pass: what was put in is no placeholder, whatever a host or an application is called.
 * @param otherwise a further pattern, and what stands for each of its matches
 */
export function replaceAtOnce(text: string, values: Record<string, string>, otherwise?: [RegExp, string]): string {
  const words = Object.keys(values).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = [...words, ...(otherwise ? [otherwise[0].source] : [])].join('|');
  if (pattern === '') return text;
  return text.replace(new RegExp(pattern, 'g'), (found) => values[found] ?? otherwise?.[1] ?? found);
}

/** Replaces the comment that a file begins with: it says what to replace, which has been done. */
export function withHead(text: string, lines: readonly string[]): string {
  const head = lines.map((line) => `# ${line}\n`).join('');
  if (!/^#.*\n/.test(text)) throw new Error('a shipped file does not begin with a comment any more');
  return text.replace(/^(?:#.*\n)+/, () => head);
}
