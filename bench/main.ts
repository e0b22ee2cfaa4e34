/**
 * `npm run bench`: which share of a bare `node:http` server's throughput remains when Gatepost decides about each request.
 * Fetches nothing, listens on loopback only, takes about four minutes.
 */
import { cases } from './cases.ts';
import { measure, type Result } from './measure.ts';
import { type Options, readOptions, usage } from './options.ts';
import { needWrk } from './programs.ts';
import { conditionsOf, describe, tableOf } from './report.ts';
import { startGatepost } from './servers.ts';
import { configuration, signIn, startBenchProvider } from './site.ts';
import { openStore, stores } from './stores.ts';

async function measureStore(name: string, issuer: string, options: Options): Promise<Result[]> {
  const store = await openStore(name);
  const gatepost = await startGatepost(options.server, configuration(issuer, store.address), options.nodeOptions);
  const results: Result[] = [];
  try {
    const credentials = await signIn(gatepost.port);
    for (const one of cases.filter((one) => options.cases.includes(one.name))) {
      process.stderr.write(`${name}: ${one.title}\n`);
      results.push({ store: name, ...(await measure(gatepost, one, credentials, options)) });
    }
    return results;
  } finally {
    await gatepost.close();
    await store.close();
  }
}

async function run(options: Options): Promise<void> {
  needWrk();
  for (const name of stores) {
    if (!options.stores.includes(name)) process.stderr.write(`${name}: not measured\n`);
  }
  const provider = await startBenchProvider();
  const results: Result[] = [];
  try {
    for (const name of options.stores) results.push(...(await measureStore(name, provider.issuer, options)));
  } finally {
    await provider.close();
  }
  const conditions = conditionsOf(options);
  const text = `\n${describe(conditions)} Share: of the ceiling's requests per second.\n\n${tableOf(results)}`;
  console.log(options.json ? JSON.stringify({ conditions, results }, null, 2) : text);
}

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}
