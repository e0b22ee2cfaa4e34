#!/usr/bin/env node
/** The `gatepost` command. */
// First: everything after it takes time, in which a signal may come.
import './signals.ts';
import './engine.ts';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { EXIT_NO_READER } from './io.ts';

/**
 * Node 22.8 and newer keep what they compile beside the program, where its user may write; the next start takes less.
 * Attack: the folder for all users' caches in /tmp, Node's own choice, may have been made by somebody else, and what is in
 * it is run. Who can write here can change the program itself.
 */
const CACHE = fileURLToPath(new URL('compile-cache/', import.meta.url));
const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
// Not beside the sources.
if (import.meta.url.endsWith('.js')) enableCompileCache?.(CACHE);

function write(stream: NodeJS.WriteStream, line: string): void {
  if (stream.listenerCount('error') === 0) stream.on('error', leave);
  stream.write(`${line}\n`);
}

/**
 * `gatepost check | head`: who has read enough closes the pipe.
 * Attack: with 0, `gatepost explain … | head -1` would say to a script with `pipefail` that somebody is let in.
 */
function leave(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_NO_READER);
}

const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2), {
  out: (line) => write(process.stdout, line),
  error: (line) => write(process.stderr, line),
  env: process.env,
});
// After a failure, an open store or the channel to the parent must not keep the process alive.
if (process.exitCode !== 0) process.exit();
