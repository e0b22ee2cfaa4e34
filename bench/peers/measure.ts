/** Loads the ceiling, Gatepost and the others in turn, and makes a row of each. */
import { ask } from '../answer.ts';
import { cases } from '../cases.ts';
import { memoryBytes } from '../cpu.ts';
import { type Measured, measuredOther, measureInTurn, type Turns } from '../in_turn.ts';
import type { Sample } from '../load.ts';
import { median, medianSample } from '../measure.ts';
import type { OtherServer } from '../other_servers.ts';
import { startCeiling } from '../servers.ts';
import { requestOf } from './visitor.ts';
import type { Ready } from './world.ts';

/** Medians over the rounds; what is compared with the ceiling is compared round by round. */
export interface Figures extends Sample {
  status: number;
  /** CPU time as a multiple of the ceiling's; NaN where the system does not report it. */
  times: number;
  /** Requests per second as a share of the ceiling's. */
  share: number;
}

export interface Row {
  title: string;
  session?: Figures;
  anonymous?: Figures;
  /** After the load, bytes. */
  memory?: number;
  /** Whether a session can be ended; absent where it was not tried. */
  ends?: boolean;
}

type Case = 'session' | 'anonymous';
const CEILING = '`node:http` alone (the ceiling)';

function measured({ title, server, cookie }: Ready, name: Case): Measured {
  const { port, pid, target } = server;
  return { name: title, port, pid, target, request: requestOf(server, name, cookie), samples: [] };
}

function figures({ request: { status }, samples }: Measured, ceiling: Measured): Figures {
  const over = (share: (own: Sample, bare: Sample) => number) =>
    median(samples.map((one, at) => share(one, ceiling.samples[at]!)));
  return {
    ...medianSample(samples),
    status,
    times: over((own, bare) => own.cpu! / bare.cpu!),
    share: over((own, bare) => own.rate / bare.rate),
  };
}

/** The ceiling sends the first server's response. */
async function measureCase(name: Case, servers: Ready[], others: OtherServer[], turns: Turns) {
  const own = servers.map((one) => measured(one, name));
  const [first] = own as [Measured, ...Measured[]];
  const { headers } = first.request;
  const ceiling = await startCeiling(await ask(first.port, headers, first.target));
  try {
    const { port, pid } = ceiling;
    const bare: Measured = { ...first, name: CEILING, port, pid, samples: [] };
    const all = [bare, ...own, ...others.flatMap((one) => measuredOther(one, name, headers))];
    process.stderr.write(`${cases.find((one) => one.name === name)!.title}: ${all.length} servers\n`);
    await measureInTurn(all, turns);
    return { rows: new Map(all.map((one) => [one.name, figures(one, bare)])), memory: memoryBytes(pid) };
  } finally {
    await ceiling.close();
  }
}

export async function measurePeers(servers: Ready[], others: OtherServer[], turns: Turns): Promise<Row[]> {
  const session = await measureCase('session', servers, others, turns);
  const anonymous = await measureCase('anonymous', servers, others, turns);
  const both = (title: string) => ({ title, session: session.rows.get(title), anonymous: anonymous.rows.get(title) });
  return [
    { ...both(CEILING), memory: session.memory },
    ...servers.map(({ title, server, ends }) => ({ ...both(title), memory: memoryBytes(server.pid), ends })),
    ...others.map(({ name, pid }) => ({ ...both(name), memory: memoryBytes(pid) })),
  ];
}
