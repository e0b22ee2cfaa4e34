/** A wall clock that can be set while a process runs (libfaketime). Times that are measured (monotonic) are left alone. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian keeps it in a folder with the machine's name; others in these. */
function findLibrary(): string {
  const lib = '/usr/lib';
  const machines = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  const folders = [...machines, lib, '/usr/lib64', '/usr/local/lib'];
  const path = folders.map((folder) => join(folder, 'faketime/libfaketime.so.1')).find((file) => existsSync(file));
  if (path === undefined) throw new Error('libfaketime.so.1 is not there: run "npm run tools", or install faketime');
  return path;
}

export interface WallClock {
  /** For the environment of a process. */
  env: Record<string, string>;
  /** Seconds by which the process is ahead of the machine; negative: behind. */
  set(seconds: number): void;
}

/** @param folder where the file lives that the library reads */
export function createWallClock(folder: string, name: string): WallClock {
  const file = join(folder, `${name}.clock`);
  const set = (seconds: number) => {
    // In one step: the library may read at any moment.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}s`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const env = {
    LD_PRELOAD: findLibrary(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
}
