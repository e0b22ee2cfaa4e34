#!/usr/bin/env node
/** The `gatepost` command. */
// First: everything after it takes time, in which a signal may come.
import './signals.ts';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
});
// After a failure, an open store or the channel to the parent must not keep the process alive.
if (process.exitCode !== 0) process.exit();
