/** Loads one server for some seconds: requests per second, latency, and the CPU time per request. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TARGET } from './cases.ts';
import { pinned } from './cores.ts';
import { cpuMicros } from './cpu.ts';
import { needWrk } from './programs.ts';

export interface Sample {
  /** Requests per second. */
  rate: number;
  /** Microseconds, as all below. */
  p50: number;
  p99: number;
  /** CPU time of the server's processes per request; `undefined` where the system does not report it. */
  cpu: number | undefined;
}

export interface Load {
  port: number;
  pid: number;
  /** Path and query; that of Traefik's auth requests when absent. */
  target?: string;
  /** The status of every response. */
  status: number;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
}

const script = fileURLToPath(new URL('report.lua', import.meta.url));
const run = promisify(execFile);

export async function load({
  port,
  pid,
  target = TARGET,
  status,
  headers,
  connections,
  seconds,
}: Load): Promise<Sample> {
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const wrk = [needWrk(), '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, ...named];
  const before = cpuMicros(pid);
  const { stdout } = await run(...pinned('load', [...wrk, `http://127.0.0.1:${port}${target}`]));
  const after = cpuMicros(pid);
  const line = stdout.trimEnd().split('\n').at(-1) as string;
  const { requests, micros, p50, p99, errors, refused } = JSON.parse(line) as Record<string, number>;
  if (errors! > 0 || requests === 0) throw new Error(`wrk counted ${errors} errors in ${requests} requests`);
  if (refused !== (status < 400 ? 0 : requests)) throw new Error(`${refused} of ${requests} responses were refusals`);
  const cpu = before !== undefined && after !== undefined ? (after - before) / requests! : undefined;
  return { rate: (requests! / micros!) * 1e6, p50: p50!, p99: p99!, cpu };
}
