/** CPU time and memory of a process on Linux (proc(5)); `undefined` on other systems. */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds: the kernel counts in hundredths of a second (`USER_HZ`) on every architecture that Node supports. */
const TICK = 10_000;

/** CPU time of a process and its descendants, all threads, microseconds. */
export function cpuMicros(pid: number): number | undefined {
  return sum(tree(pid).map((one) => one.micros));
}

/**
 * Memory of a process and its descendants, bytes: the private memory of each, and shared memory once. For one
 * process it is the resident memory, whatever other programs on the machine share with it (PSS would be less beside another Node).
 */
export function memoryBytes(pid: number): number | undefined {
  const parts = tree(pid).map((one) => {
    const text = read(`/proc/${one.pid}/smaps_rollup`) ?? '';
    const of = (name: RegExp) => [...text.matchAll(name)].reduce((all, [, kilobytes]) => all + Number(kilobytes), 0);
    return { resident: of(/^Rss:\s+(\d+) kB$/gm), own: of(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm) };
  });
  if (parts.length === 0 || parts.some(({ resident }) => resident === 0)) return undefined;
  const shared = Math.max(...parts.map(({ resident, own }) => resident - own));
  return (parts.reduce((all, { own }) => all + own, 0) + shared) * 1024;
}

/** Resident memory, bytes. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

const sum = (values: number[]) => (values.length > 0 ? values.reduce((all, one) => all + one, 0) : undefined);

/** Its id and those of its descendants. */
export const processesOf = (root: number): number[] => tree(root).map(({ pid }) => pid);

/** A process and its descendants: a server of several processes is one server. */
function tree(root: number): { pid: number; parent: number; micros: number }[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  // Children are appended while the list is iterated, so their children are found too.
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

function processes() {
  return entries('/proc').flatMap((name) => {
    const fields = read(`/proc/${name}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ');
    if (!fields || !/^\d+$/.test(name)) return [];
    return [{ pid: Number(name), parent: Number(fields[1]), micros: (Number(fields[11]) + Number(fields[12])) * TICK }];
  });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
