/** What the commands have in common on the command line. */
import type { Command } from 'commander';
import { DEFAULT_FILES } from './config_file.ts';

const PLACES = `$GATEPOST_CONFIG, else ${DEFAULT_FILES.join(', else ')}`;

/** A command that reads the configuration. */
export function command(program: Command, name: string): Command {
  return program.command(name).option('-c, --config <file>', `the configuration file (default: ${PLACES})`);
}

/** Of an option that may be repeated. */
export function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
