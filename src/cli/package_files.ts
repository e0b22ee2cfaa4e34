/** Finds the files that the package has beside its code. */
import { fileURLToPath } from 'node:url';

/** The package's folder: `src/cli` and `dist/cli` are equally deep in it. */
const ROOT = new URL('../../', import.meta.url);

/** @param path from the package's folder */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
