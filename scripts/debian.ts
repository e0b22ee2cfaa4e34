/** Debian packages, for scripts that get what tests and measurements run. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @throws Error that names the packages where this user cannot install them */
export function installPackages(...names: string[]): void {
  if (names.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(`please install: ${names.join(' ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names]);
}

function run(command: string, parameters: string[]): void {
  // What it prints is no result of the script.
  execFileSync(command, parameters, { stdio: ['ignore', process.stderr, 'inherit'] });
}
