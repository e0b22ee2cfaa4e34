/** Which files the folder of the file store holds: whether they are still those that are open. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE, LOCK_FILE } from './private_folder.ts';

const pathsIn = (folder: string) => [DATABASE_FILE, LOCK_FILE].map((name) => join(folder, name));
// As large numbers: an inode of Windows does not fit into a usual one.
const nameOf = ({ dev, ino }: { dev: bigint; ino: bigint }) => `${dev}:${ino}`;

/** The identity of the two files; `undefined`: not both are there, or they cannot be looked at. */
export function filesIn(folder: string): string | undefined {
  try {
    return pathsIn(folder)
      .map((path) => nameOf(statSync(path, { bigint: true })))
      .join(' ');
  } catch {
    return undefined;
  }
}

/** As `filesIn`, without waiting for the disk. */
export async function lookForFiles(folder: string): Promise<string | undefined> {
  try {
    const files = await Promise.all(pathsIn(folder).map((path) => stat(path, { bigint: true })));
    return files.map(nameOf).join(' ');
  } catch {
    return undefined;
  }
}
