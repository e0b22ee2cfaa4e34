/** Finds the programs that the measurement needs and npm does not install. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program on PATH; `undefined` where there is none. */
export function findProgram(name: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws an `Error` that says how to get it */
export function needWrk(): string {
  const path = findProgram('wrk');
  if (path) return path;
  throw new Error(
    'wrk is not installed. Debian and Ubuntu: apt-get install wrk · macOS: brew install wrk · source: github.com/wg/wrk',
  );
}
