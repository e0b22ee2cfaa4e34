/**
 * `npm run bench:beside -- --servers FILE`: Gatepost beside other forward-auth servers, one after the other on the same core with the same
 * load. It starts Gatepost and the ceiling; the others are running already, on the server's core, and the file (JSON) names them:
 *
 *     [{ "name": "other 1.2", "url": "http://127.0.0.1:4180/auth", "pid": 4711,
 *        "session": { "status": 200, "headers": { "Cookie": "…" }, "shows": "alice" },
 *        "anonymous": { "status": 401 } }]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ask } from './answer.ts';
import { type Credentials, cases, TARGET } from './cases.ts';
import { memoryBytes } from './cpu.ts';
import { type Measured, measuredOther, measureInTurn } from './in_turn.ts';
import { median, medianSample } from './measure.ts';
import { type OtherServer, readOtherServers } from './other_servers.ts';
import { conditionsOf, describe, table } from './report.ts';
import { type Server, startCeiling, startGatepost } from './servers.ts';
import { configuration, signIn, startBenchProvider } from './site.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
    server: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);

/** The cases that every server has; the others are Gatepost's own. */
const common = ['session', 'anonymous'] as const;

/** A server's row: the medians, and its CPU time as a multiple of Gatepost's in the same round. */
function row(one: Measured, gatepost: Measured) {
  const times = one.samples.map((own, at) => own.cpu! / gatepost.samples[at]!.cpu!);
  return { name: one.name, status: one.request.status, ...medianSample(one.samples), times: median(times) };
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

function tableOfCase(title: string, rows: ReturnType<typeof row>[]): string {
  const head = [title, 'status', 'req/s', 'CPU µs', "× Gatepost's", 'p50 ms', 'p99 ms'];
  const cells = rows.map(({ name, status, rate, cpu, times, p50, p99 }) => [
    name,
    String(status),
    rate.toFixed(0),
    cpu?.toFixed(1) ?? 'not measured',
    Number.isNaN(times) ? 'not measured' : times.toFixed(2),
    (p50 / 1000).toFixed(1),
    (p99 / 1000).toFixed(1),
  ]);
  return table([head, ...cells]);
}

interface Own {
  name: string;
  server: Server;
  credentials: Credentials;
}

async function measureCase(name: (typeof common)[number], gateposts: Own[], others: OtherServer[]) {
  const { title, status, headers: headersOf } = cases.find((one) => one.name === name)!;
  const own = gateposts.map(({ name: called, server: { port, pid }, credentials }): Measured => {
    const request = { status, headers: headersOf(credentials), shows: name === 'session' ? 'alice' : undefined };
    return { name: called, port, pid, target: TARGET, request, samples: [] };
  });
  const [first] = own as [Measured, ...Measured[]];
  const { headers } = first.request;
  const ceiling = await startCeiling(await ask(first.port, headers));
  try {
    const bare = { ...first, name: 'node:http alone (the ceiling)', port: ceiling.port, pid: ceiling.pid, samples: [] };
    const all = [bare, ...own, ...others.flatMap((one) => measuredOther(one, name, headers))];
    process.stderr.write(`${title}: ${all.length} servers\n`);
    await measureInTurn(all, { connections, rounds, seconds });
    return { title, rows: all.map((one) => row(one, first)) };
  } finally {
    await ceiling.close();
  }
}

function print(results: Awaited<ReturnType<typeof measureCase>>[], memory: { name: string; bytes?: number }[]): void {
  for (const { title, rows } of results) console.log(`\n${tableOfCase(title, rows)}`);
  const lines = memory.map(({ name, bytes }) => [name, bytes === undefined ? 'not measured' : megabytes(bytes)]);
  console.log(`\n${table([['after the load', 'memory MB'], ...lines])}\n\n${describe(conditions)}`);
}

const others = values.servers === undefined ? [] : readOtherServers(values.servers);
const conditions = conditionsOf({ connections, rounds, seconds });
const provider = await startBenchProvider();
const gateposts: Own[] = [];
try {
  for (const level of ['info', 'warn']) {
    const server = await startGatepost(values.server, configuration(provider.issuer, 'memory', { level }));
    gateposts.push({ name: `Gatepost, log: ${level}`, server, credentials: await signIn(server.port) });
  }
  const results = [];
  for (const name of common) results.push(await measureCase(name, gateposts, others));
  const running = [...gateposts.map(({ name, server: { pid } }) => ({ name, pid })), ...others];
  const memory = running.map(({ name, pid }) => ({ name, bytes: memoryBytes(pid) }));
  if (values.json) console.log(JSON.stringify({ conditions, results, memory }, null, 2));
  else print(results, memory);
} finally {
  for (const { server } of gateposts) await server.close();
  await provider.close();
}
