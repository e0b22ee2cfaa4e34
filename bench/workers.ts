/**
 * `npm run bench:workers`: one worker on one core beside two on two, with the same load. The load needs a core as well:
 * where there are two in all, what two workers could answer is what is left of them, so CPU time per request says more.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases.ts';
import { cpuMicros, processesOf } from './cpu.ts';
import { load, type Sample } from './load.ts';
import { median, warmUp } from './measure.ts';
import { conditionsOf, describe, table } from './report.ts';
import { startGatepost } from './servers.ts';
import { configuration, signIn, startBenchProvider } from './site.ts';
import { openStore } from './stores.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    store: { type: 'string', default: 'file' },
    server: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const connections = 64;
const session = cases.find(({ name }) => name === 'session')!;
const provider = await startBenchProvider();

interface Running {
  workers: number;
  samples: Sample[];
  /** The least and the most that one of the workers took of the CPU time of all. */
  shares: [number, number][];
  sample(seconds: number): Promise<Sample>;
  close(): Promise<void>;
}

/** CPU time of each worker, microseconds: of the one process, where there is one. */
function ofWorkers(pid: number): number[] {
  const children = processesOf(pid).filter((one) => one !== pid);
  return (children.length > 0 ? children : [pid]).map((one) => cpuMicros(one)!);
}

async function start(workers: number): Promise<Running> {
  const store = await openStore(values.store);
  const yaml = configuration(provider.issuer, store.address, { workers });
  const server = await startGatepost(values.server, yaml, [], workers === 1 ? 'server' : 'any');
  const headers = session.headers(await signIn(server.port));
  const shares: [number, number][] = [];
  return {
    workers,
    samples: [],
    shares,
    async sample(time) {
      const before = ofWorkers(server.pid);
      const result = await load({ ...server, status: session.status, headers, connections, seconds: time });
      const taken = ofWorkers(server.pid).map((micros, at) => micros - before[at]!);
      const all = taken.reduce((sum, one) => sum + one, 0);
      shares.push([Math.min(...taken) / all, Math.max(...taken) / all]);
      return result;
    },
    async close() {
      await server.close();
      await store.close();
    },
  };
}

const all = [await start(1), await start(2)];
try {
  for (const one of all) await warmUp(one.sample);
  for (let round = 0; round < rounds; round += 1) for (const one of all) one.samples.push(await one.sample(seconds));
  const rows = all.map(({ workers, samples, shares }) => [
    String(workers),
    median(samples.map(({ rate }) => rate)).toFixed(0),
    median(samples.map(({ cpu }) => cpu!)).toFixed(1),
    (median(samples.map(({ p99 }) => p99)) / 1000).toFixed(1),
    shares.slice(-rounds).map(([least, most]) => `${least.toFixed(2)}–${most.toFixed(2)}`)[rounds >> 1]!,
  ]);
  const head = ['workers', 'req/s', 'CPU µs per request', 'p99 ms', 'share of each worker'];
  console.log(`\n${describe(conditionsOf({ connections, rounds, seconds }))}\n\n${table([head, ...rows])}`);
  console.log(`Load of the machine before: ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
} finally {
  for (const one of all) await one.close();
  await provider.close();
}
