/** Finds the files that a configuration names: a change of one of them is a change of the configuration. */
import { resolve } from 'node:path';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

/** Keys that name files end so, wherever they are. */
const FILE_KEY = /_file$/;

/**
 * Looks at every key, also at those that the schema does not know.
 * @param raw after its references were replaced, and before anything was read
 * @param folder that relative paths start from
 * @param onFile is told each path, perhaps more than once
 */
export function findNamedFiles(raw: RawMapping, folder: string, onFile: (path: string) => void): void {
  // An alias shows the same list or mapping twice.
  const seen = new Set<object>();
  const look = (node: Raw): void => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return;
    seen.add(node);
    const children: [key: string, value: Raw][] = isMapping(node)
      ? Object.entries(node)
      : node.map((item) => ['', item]);
    for (const [key, value] of children) {
      if (FILE_KEY.test(key)) for (const path of pathsIn(value)) onFile(resolve(folder, path));
      else look(value);
    }
  };
  look(raw);
}

const isPath = (value: Raw): value is string => typeof value === 'string' && value !== '';

function pathsIn(value: Raw): string[] {
  return (Array.isArray(value) ? value : [value]).filter(isPath);
}
