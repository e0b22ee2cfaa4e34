/** The packages that stay outside of the bundled command, and what they need: the image carries these and no others. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `lmdb` finds its binary beside its own files. The others are loaded by `require` at the moment of need, which keeps
 * them from the start of the command (a table of all public suffixes) and from the bundler.
 */
export const EXTERNALS = ['fastest-levenshtein', 'lmdb', 'tldts'];

const root = fileURLToPath(new URL('../', import.meta.url));

/** The folder of `name` as a file in `from` would find it; `undefined`: not installed (a binary for another platform). */
function findPackage(name, from) {
  for (let folder = from; folder.startsWith(root.slice(0, -1)); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
  }
  return undefined;
}

/** The folders, below the project's, of all packages that `names` need to run. */
export function runtimePackages(names = EXTERNALS) {
  const folders = new Set();
  const visit = (name, from, optional) => {
    const folder = findPackage(name, from);
    if (folder === undefined && !optional) throw new Error(`${name} is not installed`);
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const other of Object.keys(optionalDependencies)) visit(other, folder, true);
    for (const other of Object.keys(dependencies)) visit(other, folder, other in optionalDependencies);
  };
  for (const name of names) visit(name, root.slice(0, -1), false);
  return [...folders].map((folder) => folder.slice(root.length));
}

// `node scripts/runtime-packages.js <folder>` copies them there.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = process.argv[2];
  if (target === undefined) throw new Error('usage: node scripts/runtime-packages.js <folder>');
  for (const path of runtimePackages()) {
    // A package inside another one comes along with it otherwise.
    const filter = (source) =>
      !source
        .slice(root.length + path.length)
        .split(sep)
        .includes('node_modules');
    cpSync(join(root, path), join(target, path), { recursive: true, filter });
    console.log(path);
  }
}
