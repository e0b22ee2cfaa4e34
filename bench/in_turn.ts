/** Measures several servers in turn, round by round, so that a disturbance of the machine hits all of them. */
import { load, type Sample } from './load.ts';
import { warmUp } from './measure.ts';
import { type CheckedRequest, checkResponse, type OtherServer } from './other_servers.ts';

export interface Measured {
  name: string;
  port: number;
  pid: number;
  target: string;
  request: CheckedRequest;
  samples: Sample[];
}

export interface Turns {
  connections: number;
  rounds: number;
  seconds: number;
}

/** A case for one of the other servers: the same headers of a proxy and a browser, with its own added. */
export function measuredOther(
  one: OtherServer,
  name: 'session' | 'anonymous',
  headers: Record<string, string>,
): Measured[] {
  const request = one[name];
  if (!request) return [];
  const { Cookie: _, ...rest } = headers;
  const { port, pathname, search } = new URL(one.url);
  const own = { ...request, headers: { ...rest, ...request.headers } };
  return [{ name: one.name, port: Number(port), pid: one.pid, target: pathname + search, request: own, samples: [] }];
}

/** Fills in the samples. Each server's response is checked before the first round and after the last, its status in each. */
export async function measureInTurn(all: Measured[], { connections, rounds, seconds }: Turns): Promise<void> {
  const check = async () => {
    for (const { port, target, request, name } of all) await named(name, checkResponse(port, target, request));
  };
  const sample = ({ name, port, pid, target, request: { status, headers } }: Measured, time: number) =>
    named(name, load({ port, pid, target, status, headers, connections, seconds: time }));
  await check();
  for (const one of all) await warmUp((time) => sample(one, time));
  for (let round = 0; round < rounds; round += 1) for (const one of all) one.samples.push(await sample(one, seconds));
  await check();
}

/** A failure says whose it is. */
function named<T>(name: string, work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  });
}
