/** The options of `npm run soak`. */
import { parseArgs } from 'node:util';
import { findTool, type Tool } from '../support/tools.ts';
import { faults } from './faults/index.ts';
import { STORES, type StoreName } from './world.ts';

export interface Options {
  minutes: number;
  stores: StoreName[];
  seed: number;
  rate: number;
  faults: string[];
  json: string | undefined;
  logs: string | undefined;
}

export const usage = `npm run soak -- [options]

  --minutes N    how long (10); the stores run beside each other
  --store NAME   ${STORES.join(', ')}; may be repeated, all by default
  --seed N       chooses the faults and the load (another one each time)
  --rate N       actions a second and store (40)
  --fault NAME   only this one; may be repeated: ${faults.map(({ name }) => name).join(', ')}
  --json FILE    writes the report there, too
  --logs FOLDER  keeps the logs of the processes there`;

/** @throws an `Error` whose message says what is wrong */
export function readOptions(args: string[]): Options {
  const several = { type: 'string', multiple: true } as const;
  const one = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args,
    options: {
      minutes: one('10'),
      store: { ...several, default: [...STORES] },
      seed: one(String(Date.now() % 1_000_000_000)),
      rate: one('40'),
      fault: { ...several, default: [] },
      json: { type: 'string' },
      logs: { type: 'string' },
    },
  });
  const names = faults.map(({ name }) => name);
  return {
    minutes: positive('minutes', values.minutes),
    stores: known('store', values.store, STORES),
    seed: positive('seed', values.seed),
    rate: positive('rate', values.rate),
    faults: known('fault', values.fault, names),
    json: values.json,
    logs: values.logs,
  };
}

function known<T extends string>(name: string, given: string[], all: readonly T[]): T[] {
  const unknown = given.find((value) => !all.some((one) => one === value));
  if (unknown !== undefined) throw new Error(`--${name} ${unknown}: one of ${all.join(', ')}`);
  return all.filter((one) => given.includes(one));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw new Error(`--${name} is a number above 0`);
  return value;
}

/** @throws an `Error` that says what to install */
export function needPrograms(stores: readonly StoreName[]): void {
  const needed: Tool[] = ['faketime', ...(stores.includes('redis') ? (['redis-server'] as const) : [])];
  const missing = needed.filter((name) => findTool(name) === undefined);
  if (missing.length === 0) return;
  throw new Error(
    `not installed: ${missing.join(', ')}. Run "npm run tools" (Debian, as root: apt-get install ${missing.join(' ')})`,
  );
}
