/** What the definitions of all commands share. */
import type { Command } from 'commander';
import { DEFAULT_FILES } from './config_file.ts';
import type { Io } from './io.ts';

/** What a command works with. */
export interface Shell {
  io: Io;
  /** As `io.out`, for text that is indented by tabs. */
  printFile: Io['out'];
  exit(code: number): void;
}

const PLACES = `$GATEPOST_CONFIG, else ${DEFAULT_FILES.join(', else ')}`;

/** A command that reads the configuration. Each imports what it needs when it runs: `--help` waits for nothing. */
export function command(program: Command, name: string): Command {
  return program.command(name).option('-c, --config <file>', `the configuration file (default: ${PLACES})`);
}

/** For an option that may be repeated. */
export function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
