/** A parent of two workers; each one that comes after these ends at once. Run by workers.test.ts. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { startWorkers } from '../../src/server/workers.ts';

const worker = cluster.worker;
if (worker && worker.id > 2) process.exit(3);
else if (worker)
  createServer().listen(0, '127.0.0.1', () => {
    // Not before the parent knows that it listens.
    if (worker.id === 1) setTimeout(() => process.exit(4), 300);
  });
else {
  const workers = await startWorkers(2, (message) => console.log(message), 1);
  await workers.failed;
  await workers.close();
  process.exit(1);
}
