/** Measures one case: ceiling and Gatepost alternate, so that a disturbance of the machine hits both. */
import { ask } from './answer.ts';
import type { Case, Credentials } from './cases.ts';
import { load, type Sample } from './load.ts';
import type { Options } from './options.ts';
import { type Server, startCeiling } from './servers.ts';

export interface Result {
  store: string;
  case: string;
  aim: number;
  /** Gatepost's requests per second as a share of the ceiling's: the median over the rounds. */
  ratio: number;
  /** The ceiling's CPU time for a request as a share of Gatepost's; `undefined` where the system does not report it. */
  ratio_cpu: number | undefined;
  /** Gatepost's p99 as a multiple of the ceiling's. */
  ratio_p99: number;
  /** Medians. */
  ceiling: Sample;
  gatepost: Sample;
}

export async function measure(
  gatepost: Server,
  { name, aim, status, headers: headersOf }: Case,
  credentials: Credentials,
  options: Pick<Options, 'rounds' | 'seconds' | 'connections'>,
): Promise<Omit<Result, 'store'>> {
  const headers = headersOf(credentials);
  const answer = await ask(gatepost.port, headers);
  if (answer.status !== status) throw new Error(`${name}: ${answer.status} ${answer.body}`);
  const ceiling = await startCeiling(answer);
  try {
    const sample = (server: Server, seconds: number) => load({ ...server, ...options, status, headers, seconds });
    for (const server of [ceiling, gatepost]) await warmUp((seconds) => sample(server, seconds));
    const rounds: { ceiling: Sample; gatepost: Sample }[] = [];
    for (let i = 0; i < options.rounds; i += 1) {
      rounds.push({
        ceiling: await sample(ceiling, options.seconds),
        gatepost: await sample(gatepost, options.seconds),
      });
    }
    const over = (share: (round: (typeof rounds)[0]) => number) => median(rounds.map(share));
    return {
      case: name,
      aim,
      ratio: over((round) => round.gatepost.rate / round.ceiling.rate),
      ratio_cpu: rounds[0]?.ceiling.cpu && over((round) => round.ceiling.cpu! / round.gatepost.cpu!),
      ratio_p99: over((round) => round.gatepost.p99 / round.ceiling.p99),
      ceiling: medianSample(rounds.map((round) => round.ceiling)),
      gatepost: medianSample(rounds.map((round) => round.gatepost)),
    };
  } finally {
    await ceiling.close();
  }
}

/** Loads a server until V8 has compiled its code, which takes requests rather than time; at most five seconds. */
export async function warmUp(sample: (seconds: number) => Promise<Sample>): Promise<void> {
  let requests = 0;
  for (let seconds = 0; seconds < 5 && requests < 25_000; seconds += 1) requests += (await sample(1)).rate;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of each figure separately. */
export function medianSample(samples: Sample[]): Sample {
  const of = (pick: (sample: Sample) => number) => median(samples.map(pick));
  return {
    rate: of((sample) => sample.rate),
    p50: of((sample) => sample.p50),
    p99: of((sample) => sample.p99),
    cpu: samples[0]?.cpu && of((sample) => sample.cpu!),
  };
}
