/** Server and load on a core each, so that the two do not share one. */
import { availableParallelism } from 'node:os';
import { findProgram } from './programs.ts';

/** Server and load on one core each, where there are two: otherwise they compete, and the ratio measures that. */
export const cores = availableParallelism() > 1 && findProgram('taskset') ? { server: 0, load: 1 } : undefined;

/** Where a process runs: on the core of servers or of the load, or on all. */
export type Core = 'server' | 'load' | 'any';

/** A command line that runs on one core, or on any. */
export function pinned(core: Core, command: string[]): [string, string[]] {
  const [program, ...rest] = cores && core !== 'any' ? ['taskset', '-c', String(cores[core]), ...command] : command;
  return [program as string, rest];
}
