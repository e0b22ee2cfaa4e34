/**
 * `npm run bench:anonymous`: what a client without credentials can make one request cost. CPU time of the built command
 * for a request beside a plain one of the same length, over sets of rules that take long and paths that can be read in
 * many ways; then the same for other parts of a request. Needs Linux (proc(5)); takes about forty minutes, fewer with `--rules` and `--request`.
 */
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Attack, attacks, plainPath, ruleSets } from './anonymous_cases.ts';
import { HOST, TARGET } from './cases.ts';
import { cpuMicros } from './cpu.ts';
import { median } from './measure.ts';
import { conditionsOf, describe, table } from './report.ts';
import { type Server, startGatepost } from './servers.ts';
import { configuration, startBenchProvider } from './site.ts';

const { values } = parseArgs({
  options: {
    rules: { type: 'string', multiple: true, default: Object.keys(ruleSets) },
    request: { type: 'string', multiple: true, default: attacks.map(({ name }) => name) },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    lengths: { type: 'string', default: '60,700,4000,16000' },
    server: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** One request, which must not be let in. */
function send(server: Server, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port: server.port, path: TARGET, headers }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? reject(new Error('an anonymous request was let in')) : resolve(),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** CPU microseconds of the server for a request, from at least three of them. */
async function sample(server: Server, make: () => Record<string, string>): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const before = cpuMicros(server.pid)!;
  let requests = 0;
  for (; requests < 3 || performance.now() < end; requests += 1) await send(server, make());
  return (cpuMicros(server.pid)! - before) / requests;
}

const headersOf = (uri: string, more: Record<string, string> = {}) => ({
  Host: 'gatepost.internal:9000',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': HOST,
  'X-Forwarded-Uri': uri,
  'X-Forwarded-For': '203.0.113.7',
  'Sec-Fetch-Mode': 'cors',
  ...more,
});

interface Row {
  rules: string;
  length: number;
  attack: string;
  plain: number;
  attacked: number;
}

/** Alternates, so that a disturbance of the machine hits both. */
async function compare(server: Server, attack: Attack, length: number) {
  const pairs: [number, number][] = [];
  const plain = () => {
    if (attack.path) return headersOf(plainPath(length));
    return attack.uri ? headersOf(`/x?${'x'.repeat(length)}`) : headersOf('/x', { 'X-Other': 'x'.repeat(length) });
  };
  const attacked = () =>
    attack.path ? headersOf(attack.path(length)) : headersOf(attack.uri?.(length) ?? '/x', attack.headers?.(length));
  for (let round = 0; round <= rounds; round += 1)
    pairs.push([await sample(server, plain), await sample(server, attacked)]);
  // The first round warms up.
  const counted = pairs.slice(1);
  return { plain: median(counted.map(([one]) => one)), attacked: median(counted.map(([, other]) => other)) };
}

const provider = await startBenchProvider();
const rows: Row[] = [];
try {
  for (const name of values.rules) {
    const server = await startGatepost(
      values.server,
      configuration(provider.issuer, 'memory', { rules: ruleSets[name]! }),
    );
    try {
      for (const attack of attacks.filter(
        (one) => values.request.includes(one.name) && (one.path || name === 'none'),
      )) {
        for (const length of attack.path ? values.lengths.split(',').map(Number) : [8000]) {
          process.stderr.write(`${name}: ${attack.name}, ${length} characters\n`);
          rows.push({ rules: name, length, attack: attack.name, ...(await compare(server, attack, length)) });
        }
      }
    } finally {
      await server.close();
    }
  }
} finally {
  agent.destroy();
  await provider.close();
}

const ms = (micros: number) => (micros / 1000).toFixed(micros < 10_000 ? 2 : 0);
const head = ['rules', 'characters', 'request', 'plain, CPU ms', 'this, CPU ms', 'ratio'];
const cells = rows.map((row) => [
  row.rules,
  String(row.length),
  row.attack,
  ms(row.plain),
  ms(row.attacked),
  (row.attacked / row.plain).toFixed(2),
]);
const worst = Math.max(...rows.map((row) => row.attacked / row.plain));
const conditions = conditionsOf({ connections: 1, rounds, seconds });
console.log(
  values.json
    ? JSON.stringify({ conditions, rows }, null, 2)
    : `\n${describe(conditions)}\nWorst ratio: ${worst.toFixed(2)}\n\n${table([head, ...cells])}`,
);
