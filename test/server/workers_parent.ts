/** A parent of two workers that cannot be replaced. Run by workers.test.ts. */
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { startWorkers } from '../../src/server/workers.ts';

cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)), execArgv: [] });
const workers = await startWorkers(2, (message) => console.log(message), 1);
await workers.failed;
await workers.close();
process.exit(1);
