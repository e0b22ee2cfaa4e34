/** Imports point one way: down the list of layers in docs/architecture.md, type-only imports included. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');

/** A file or folder of `src` each, top to bottom. */
const layers = /```layers\n([\s\S]*?)```/
  .exec(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))![1]!
  .split('\n')
  .map((line) => line.split(/\s+/)[0]!)
  .filter(Boolean);

/** The layer of a file: the longest entry that names the file or a folder above it. */
function layerOf(file: string): number {
  const entries = layers.filter((layer) => file === layer || file.startsWith(`${layer.replace(/\/$/, '')}/`));
  const longest = entries.sort((one, other) => other.length - one.length)[0];
  if (longest === undefined) throw new Error(`${file} has no layer: add its folder to docs/architecture.md`);
  return layers.indexOf(longest);
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => relative(source, join(source, dirname(file), specifier)));
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

test('every import leads to the same layer or to one below', () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => layerOf(target) < layerOf(file))
      .map((target) => `${file} imports ${target}`),
  );
  expect(upward).toEqual([]);
});

test('every layer of the page is there', () => {
  for (const layer of layers)
    expect(
      files.some((file) => file === layer || file.startsWith(`${layer.replace(/\/$/, '')}/`)),
      layer,
    ).toBe(true);
});
