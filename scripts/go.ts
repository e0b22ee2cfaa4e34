/** Builds programs of Go modules, and takes files out of them: what a folder's `go.mod` pins. */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GoBuild {
  /** The folder of the Go module that pins it. */
  module: string;
  package: string;
  /** Values of its variables, as `-X` of the linker takes them: what its own build fills in. */
  variables?: string[];
  env?: Record<string, string>;
}

/** @throws Error where Go is missing or the build fails */
export function buildGo(output: string, { module, package: name, variables = [], env }: GoBuild): void {
  const flags = ['-s', '-w', ...variables.map((one) => `-X ${one}`)];
  const build = ['build', `-ldflags=${flags.join(' ')}`, '-o', output, name];
  execFileSync('go', build, { cwd: module, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
}

/**
 * @param module the folder whose `go.mod` pins `dependency`
 * @param file its path in the dependency
 * @throws Error where Go is missing or has no such module or file
 */
export function copyFromGoModule(module: string, dependency: string, file: string, output: string): void {
  const download = ['mod', 'download', '-json', dependency];
  const answer: unknown = JSON.parse(execFileSync('go', download, { cwd: module, encoding: 'utf8' }));
  if (typeof answer !== 'object' || answer === null || !('Dir' in answer)) throw new Error('go names no folder');
  copyFileSync(join(String(answer.Dir), file), output);
}
