/**
 * `npm run bench:beside -- --servers FILE`: Gatepost beside other forward-auth servers, in turn on the same core with the same
 * load. It starts Gatepost and the ceiling; the others run already, on the server's core, and the file (JSON) names them:
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
import { load, type Turn } from './load.ts';
import { median, medianTurn, warmUp } from './measure.ts';
import { checkAnswer, type Neighbour, type Question, readNeighbours } from './neighbours.ts';
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

/** The cases that every server knows; the others are our own. */
const common = ['session', 'anonymous'] as const;

interface Measured {
  name: string;
  port: number;
  pid: number;
  target: string;
  question: Question;
  turns: Turn[];
}

async function turn({ name, port, pid, target, question }: Measured, time: number): Promise<Turn> {
  const { status, headers } = question;
  return load({ port, pid, target, status, headers, connections, seconds: time }).catch((error) => {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  });
}

/** What a case asks of one of the others: the same headers of a proxy and a browser, and its own on top. */
function asNeighbour(one: Neighbour, name: (typeof common)[number], headers: Record<string, string>): Measured[] {
  const question = one[name];
  if (!question) return [];
  const { Cookie: _, ...rest } = headers;
  const { port, pathname, search } = new URL(one.url);
  const asked = { ...question, headers: { ...rest, ...question.headers } };
  return [{ name: one.name, port: Number(port), pid: one.pid, target: pathname + search, question: asked, turns: [] }];
}

async function measureAll(all: Measured[]): Promise<void> {
  for (const one of all) await checkAnswer(one.port, one.target, one.question);
  for (const one of all) await warmUp((time) => turn(one, time));
  for (let round = 0; round < rounds; round += 1) for (const one of all) one.turns.push(await turn(one, seconds));
  for (const one of all) await checkAnswer(one.port, one.target, one.question);
}

/** A server's row: the medians, and its CPU time as a multiple of Gatepost's in the same round. */
function row(one: Measured, gatepost: Measured) {
  const times = one.turns.map((own, at) => own.cpu! / gatepost.turns[at]!.cpu!);
  return { name: one.name, status: one.question.status, ...medianTurn(one.turns), times: median(times) };
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

async function measureCase(name: (typeof common)[number], gateposts: Own[], neighbours: Neighbour[]) {
  const { title, status, headers: headersOf } = cases.find((one) => one.name === name)!;
  const own = gateposts.map(({ name: called, server: { port, pid }, credentials }): Measured => {
    const question = { status, headers: headersOf(credentials), shows: name === 'session' ? 'alice' : undefined };
    return { name: called, port, pid, target: TARGET, question, turns: [] };
  });
  const [first] = own as [Measured, ...Measured[]];
  const { headers } = first.question;
  const ceiling = await startCeiling(await ask(first.port, headers));
  try {
    const bare = { ...first, name: 'node:http alone (the ceiling)', port: ceiling.port, pid: ceiling.pid, turns: [] };
    const all = [bare, ...own, ...neighbours.flatMap((one) => asNeighbour(one, name, headers))];
    process.stderr.write(`${title}: ${all.length} servers\n`);
    await measureAll(all);
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

const neighbours = values.servers === undefined ? [] : readNeighbours(values.servers);
const conditions = conditionsOf({ connections, rounds, seconds });
const provider = await startBenchProvider();
const gateposts: Own[] = [];
try {
  for (const level of ['info', 'warn']) {
    const server = await startGatepost(values.server, configuration(provider.issuer, 'memory', { level }));
    gateposts.push({ name: `Gatepost, log: ${level}`, server, credentials: await signIn(server.port) });
  }
  const results = [];
  for (const name of common) results.push(await measureCase(name, gateposts, neighbours));
  const running = [...gateposts.map(({ name, server: { pid } }) => ({ name, pid })), ...neighbours];
  const memory = running.map(({ name, pid }) => ({ name, bytes: memoryBytes(pid) }));
  if (values.json) console.log(JSON.stringify({ conditions, results, memory }, null, 2));
  else print(results, memory);
} finally {
  for (const { server } of gateposts) await server.close();
  await provider.close();
}
