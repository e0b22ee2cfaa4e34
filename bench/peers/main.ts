/**
 * `npm run bench:peers`: Gatepost beside other servers for the same auth request, which it gets, starts and logs in at
 * itself. What runs already, or comes from nowhere it can reach, is named by an option.
 */
import { endOnSignals } from '../children.ts';
import { readOtherServers } from '../other_servers.ts';
import { needWrk } from '../programs.ts';
import { conditionsOf, describe } from '../report.ts';
import { measurePeers, type Row } from './measure.ts';
import { type Options, readOptions, usage } from './options.ts';
import { CONNECTIONS, measureProtection, type Protected } from './protection.ts';
import { tableOfPeers, tableOfProtection } from './tables.ts';
import { startWorld, type World } from './world.ts';

interface Results {
  date: string;
  command: string;
  conditions: ReturnType<typeof conditionsOf>;
  peers: Row[];
  protection: Protected[];
  missing: World['missing'];
}

async function measure(options: Options): Promise<Results> {
  needWrk();
  const others = options.servers === undefined ? [] : readOtherServers(options.servers);
  const conditions = conditionsOf(options);
  const { servers, missing, close } = await startWorld(options.peers, options.verbose);
  try {
    const peers = await measurePeers(servers, others, options);
    const protection = options.proxies ? await measureProtection(servers, options) : [];
    const date = new Date().toISOString().slice(0, 10);
    return { date, command: commandLine(), conditions, peers, protection, missing };
  } finally {
    await close();
  }
}

/** As it was typed, but for the folders of the machine. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => word.replace(/^.*\/(?=[^/]+$)/, '…/'));
  return ['npm run bench:peers', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

function print({ date, command, conditions, peers, protection, missing }: Results): void {
  console.log(`\n${tableOfPeers(peers)}\n`);
  if (protection.length > 0) console.log(`${tableOfProtection(protection)}\n`);
  console.log(`${date}, \`${command}\`.\n${describe(conditions)}`);
  console.log(
    'A session can be ended: after a sign-out its cookie is refused. Redis is not counted with the servers that use it.',
  );
  if (protection.length > 0)
    console.log(
      `Behind proxies: ${CONNECTIONS} connections; proxy, application and load share a core, the auth server has the other.`,
    );
  for (const { name, reason } of missing) console.log(`Not measured: ${name}: ${reason}`);
}

async function run(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const results = await measure(options);
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else print(results);
}

endOnSignals();
try {
  await run();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}
