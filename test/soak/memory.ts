/** The memory of each process over the run, as Linux counts it. */
import { readFileSync } from 'node:fs';
import type { Gatepost } from './gatepost.ts';

const EVERY_MS = 5000;
/** Of a process that lives shorter nothing can be said. */
const MIN_SAMPLES = 24;
/** What a third of the run may add to the one before without being named a growth. */
const GROWTH_MB = 15;

export interface MemoryRow {
  process: string;
  /** Of the process that lived longest under this name. */
  seconds: number;
  /** Means of the first, second and last third of its life, and the most of all, in MB. */
  first: number;
  second: number;
  last: number;
  most: number;
  /** It grew by as much in the last third as before: a leak, or a run that was too short to show that it ends. */
  isGrowing: boolean;
}

function residentMb(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

const mean = (values: number[]) => Math.round(values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length));

function rowOf(process: string, samples: number[]): MemoryRow {
  const third = Math.ceil(samples.length / 3);
  const [first, second, last] = [0, 1, 2].map((at) => mean(samples.slice(at * third, (at + 1) * third)));
  return {
    process,
    seconds: (samples.length * EVERY_MS) / 1000,
    first: first!,
    second: second!,
    last: last!,
    most: Math.round(Math.max(0, ...samples)),
    isGrowing: samples.length >= MIN_SAMPLES && last! - second! > GROWTH_MB && last! - second! >= second! - first!,
  };
}

export function watchMemory(processes: readonly Gatepost[]) {
  /** By name and process id. */
  const samples = new Map<string, Map<number, number[]>>(processes.map(({ name }) => [name, new Map()]));
  const look = () => {
    for (const process of processes) {
      const pid = process.pid();
      const megabytes = pid === undefined ? undefined : residentMb(pid);
      if (pid === undefined || megabytes === undefined) continue;
      const lives = samples.get(process.name)!;
      lives.set(pid, [...(lives.get(pid) ?? []), megabytes]);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop(): MemoryRow[] {
      clearInterval(timer);
      look();
      return [...samples].map(([name, lives]) => {
        const longest = [...lives.values()].sort((one, other) => other.length - one.length)[0] ?? [];
        return rowOf(name, longest);
      });
    },
  };
}
