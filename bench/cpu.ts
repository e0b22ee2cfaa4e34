/** What a process has taken of the machine, as Linux tells it (proc(5)); `undefined` on other systems. */
import { readFileSync } from 'node:fs';

/** Hundredths of a second is what the kernel counts in for user space (`USER_HZ`), on every architecture that Node has. */
const TICK = 10_000;

/** CPU time of all threads, microseconds. */
export function cpuMicros(pid: number): number | undefined {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /, '')
    .split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK;
}

/** Resident memory, bytes. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
