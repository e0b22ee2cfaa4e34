/** The options of `npm run bench`. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases.ts';
import { findProgram } from './programs.ts';
import { stores } from './stores.ts';

export interface Options {
  stores: string[];
  cases: string[];
  rounds: number;
  /** Of one sample, for the ceiling and for Gatepost each. */
  seconds: number;
  connections: number;
  json: boolean;
  /** The built command that is measured. */
  server: string;
  /** Options of Node for it. */
  nodeOptions: string[];
}

export const usage = `npm run bench -- [options]

  --store NAME     ${stores.join(', ')}; may be repeated, all by default
  --case NAME      ${cases.map((one) => one.name).join(', ')}; may be repeated, all by default
  --rounds N       samples of ceiling and Gatepost per case; the median counts (7)
  --seconds N      duration of each sample (1)
  --connections N  concurrent connections (64)
  --server FILE    another built command to measure (dist/cli/main.js)
  --cpu-prof DIR   folder for CPU profiles of Gatepost (which is slower then)
  --json           print JSON instead of a table`;

/** @throws an `Error` whose message says what is wrong */
export function readOptions(args: string[]): Options {
  const several = { type: 'string', multiple: true } as const;
  const one = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args,
    options: {
      store: { ...several, default: stores.filter((name) => name !== 'redis' || findProgram('redis-server')) },
      case: { ...several, default: cases.map(({ name }) => name) },
      rounds: one('7'),
      seconds: one('1'),
      connections: one('64'),
      server: one(fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))),
      'cpu-prof': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { json, server, 'cpu-prof': profiles } = values;
  return {
    stores: known('store', values.store, stores),
    cases: known(
      'case',
      values.case,
      cases.map(({ name }) => name),
    ),
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    connections: whole('connections', values.connections),
    json,
    server,
    nodeOptions: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
  };
}

function known(name: string, given: string[], all: readonly string[]): string[] {
  const unknown = given.find((value) => !all.includes(value));
  if (unknown !== undefined) throw new Error(`--${name} is one of ${all.join(', ')}`);
  return given;
}

/** @throws an `Error` that names the option */
export function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--${name} is a whole number from 1 to 9999`);
  return Number(text);
}
