/** Prints the conditions of a measurement, and a row for each case and store. */
import { cpus, release } from 'node:os';
import { version } from '../src/version.ts';
import { cases } from './cases.ts';
import { cores } from './cores.ts';
import type { Result } from './measure.ts';
import type { Options } from './options.ts';

export interface Conditions {
  gatepost: string;
  node: string;
  system: string;
  cpu: string;
  cores: number;
  pinned: boolean;
  connections: number;
  rounds: number;
  seconds: number;
}

export function conditionsOf({ connections, rounds, seconds }: Pick<Options, 'connections' | 'rounds' | 'seconds'>) {
  return {
    gatepost: version,
    node: process.version,
    system: `${process.platform} ${release()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    pinned: cores !== undefined,
    connections,
    rounds,
    seconds,
  } satisfies Conditions;
}

/** Lines of a Markdown table. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...rest] = rows as [string[], ...string[][]];
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

const whole = (value: number) => String(Math.round(value));
const micros = (value: number | undefined) => (value === undefined ? 'not measured' : value.toFixed(1));

export function describe(conditions: Conditions): string {
  const { gatepost, node, system, cpu, cores, pinned, connections, rounds, seconds } = conditions;
  const where = pinned ? 'server and load on a core each' : 'server and load not pinned to cores';
  return [
    `Gatepost ${gatepost}, Node ${node}, ${system}, ${cores} × ${cpu}, ${where};`,
    `${connections} connections, median of ${rounds} rounds of ${seconds} s.`,
  ].join('\n');
}

export function tableOf(results: Result[]): string {
  const head = ['case', 'store', 'share', 'aim', 'by CPU time', 'req/s', 'ceiling', 'CPU µs', 'ceiling', 'p99 ms', '×'];
  const rows = results.map((one) => [
    cases.find(({ name }) => name === one.case)!.title,
    one.store,
    one.ratio.toFixed(2),
    one.aim.toFixed(2),
    one.ratio_cpu?.toFixed(2) ?? 'not measured',
    whole(one.gatepost.rate),
    whole(one.ceiling.rate),
    micros(one.gatepost.cpu),
    micros(one.ceiling.cpu),
    (one.gatepost.p99 / 1000).toFixed(1),
    one.ratio_p99.toFixed(1),
  ]);
  return table([head, ...rows]);
}
