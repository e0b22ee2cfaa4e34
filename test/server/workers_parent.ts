/** A parent of two workers that do what its arguments say (worker.js), until they cannot be replaced. Run by workers.test.ts. */
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { startWorkers } from '../../src/server/workers.ts';
import { parse, yaml } from '../config/example.ts';

cluster.setupPrimary({
  exec: fileURLToPath(new URL('worker.js', import.meta.url)),
  execArgv: [],
  args: process.argv.slice(2),
});
const config = parse(yaml({}));
const workers = await startWorkers({
  count: 2,
  config,
  report: (_, message) => console.log(message),
  pauseMs: 1,
  tickMs: 100,
});
process.once('SIGTERM', async () => {
  await workers.close();
  process.exit(0);
});
await workers.failed;
await workers.close();
process.exit(1);
