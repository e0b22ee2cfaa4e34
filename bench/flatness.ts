/**
 * `npm run bench:flat`: what a warm request costs with ten thousand applications, a thousand rules or hosts, or a million sessions in
 * the store, beside one of each; the start and the memory of each. Takes about seven minutes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Credentials, cases } from './cases.ts';
import { residentBytes } from './cpu.ts';
import { fill } from './fill.ts';
import { load, type Sample } from './load.ts';
import { median, warmUp } from './measure.ts';
import { conditionsOf, describe, table } from './report.ts';
import { type Server, startGatepost } from './servers.ts';
import { configuration, SECRET, signIn, startBenchProvider } from './site.ts';
import { openStore } from './stores.ts';

const { values } = parseArgs({
  options: {
    applications: { type: 'string', default: '10000' },
    rules: { type: 'string', default: '1000' },
    hosts: { type: 'string', default: '1000' },
    sessions: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '9' },
    server: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const connections = 64;

interface Variant {
  name: string;
  /** What it is compared with. */
  beside: string;
  store: string;
  settings?: Parameters<typeof configuration>[2];
}

interface Running extends Variant {
  server: Server;
  /** Resident bytes two seconds after the start, before the first session. */
  idle: number | undefined;
  credentials: Credentials;
  samples: Sample[];
}

const many = (count: string, line: (number: number) => string) =>
  Array.from({ length: Number(count) }, (_, number) => line(number)).join('');
const applications = many(
  values.applications,
  (i) => `  - name: Site ${i}
    external_host: https://site-${i}.example.com
    issuer: https://id.example.com/application/o/site-${i}/
    client_id: client-${i}
    client_secret: secret-of-client-${i}
    access: [{ path: ^/public/, policy: public }, { path: ^/admin/, groups: [admins] }]
`,
);
const hosts = `    hosts: [${many(values.hosts, (i) => `"https://host-${i}.example.com", `)}]\n`;
const rules = many(values.rules, (i) => `      - { path: "^/area-${i}/", groups: [team-${i}] }\n`);

const session = cases.find(({ name }) => name === 'session')!;
const sample = ({ server, credentials }: Running, seconds: number) =>
  load({ ...server, status: session.status, headers: session.headers(credentials), connections, seconds });

async function start(variant: Variant, issuer: string): Promise<Running> {
  const server = await startGatepost(values.server, configuration(issuer, variant.store, variant.settings));
  await sleep(2000);
  const idle = residentBytes(server.pid);
  return { ...variant, server, idle, credentials: await signIn(server.port), samples: [] };
}

const megabytes = (bytes: number | undefined) => (bytes === undefined ? 'not measured' : (bytes / 1e6).toFixed(0));
const over = (samples: Sample[], pick: (sample: Sample) => number) => median(samples.map(pick));

function row(one: Running, base: Running) {
  const pairs = one.samples.map((sample, at) => [sample, base.samples[at]!] as const);
  return {
    variant: one.name,
    beside: one.beside,
    /** Requests per second as a share of what it is compared with, and so for CPU time. */
    share: median(pairs.map(([own, other]) => own.rate / other.rate)),
    share_cpu: base.samples[0]?.cpu && median(pairs.map(([own, other]) => other.cpu! / own.cpu!)),
    cpu: one.samples[0]?.cpu && over(one.samples, ({ cpu }) => cpu!),
    first_response_ms: one.server.started,
    idle_bytes: one.idle,
  };
}

const provider = await startBenchProvider();
const [few, full] = [await openStore('file'), await openStore('file')];
process.stderr.write(`fills a store with ${values.sessions} sessions\n`);
await fill(full.address, SECRET, Number(values.sessions));
const variants: Variant[] = [
  { name: 'one application, memory', beside: 'one application, memory', store: 'memory' },
  {
    name: `${values.applications} applications`,
    beside: 'one application, memory',
    store: 'memory',
    settings: { applications },
  },
  { name: `${values.rules} rules`, beside: 'one application, memory', store: 'memory', settings: { rules } },
  { name: `${values.hosts} hosts`, beside: 'one application, memory', store: 'memory', settings: { hosts } },
  { name: 'one session, file', beside: 'one session, file', store: few.address },
  { name: `${values.sessions} sessions, file`, beside: 'one session, file', store: full.address },
];
const all: Running[] = [];
for (const variant of variants) all.push(await start(variant, provider.issuer));
for (const one of all) await warmUp((seconds) => sample(one, seconds));
for (let round = 0; round < rounds; round += 1) for (const one of all) one.samples.push(await sample(one, 1));

const results = all.map((one) => row(one, all.find(({ name }) => name === one.beside)!));
const conditions = conditionsOf({ connections, rounds, seconds: 1 });
const rows = results.map((one) => [
  one.variant,
  one.share.toFixed(2),
  one.share_cpu?.toFixed(2) ?? 'not measured',
  one.cpu?.toFixed(1) ?? 'not measured',
  one.first_response_ms.toFixed(0),
  megabytes(one.idle_bytes),
]);
const head = ['a valid session with', 'share', 'by CPU time', 'CPU µs', 'first response ms', 'idle MB'];
console.log(
  values.json
    ? JSON.stringify({ conditions, results }, null, 2)
    : `\n${describe(conditions)} Share: of the requests per second with one.\n\n${table([head, ...rows])}`,
);
for (const { server } of all) await server.close();
await Promise.all([few.close(), full.close(), provider.close()]);
