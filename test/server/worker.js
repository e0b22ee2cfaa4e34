/** A worker of workers_parent.ts: the first two listen, the first of these ends soon, each later one ends before it listens. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';

const { id } = cluster.worker;
if (id > 2) process.exit(3);
createServer().listen(0, '127.0.0.1', () => {
  // Not before the parent knows that it listens.
  if (id === 1) setTimeout(() => process.exit(4), 300);
});
