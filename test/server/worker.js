/**
 * A worker of workers_parent.ts. Its arguments are what each worker does, in the order in which they start; the last one
 * is for all that follow.
 */
import cluster from 'node:cluster';
import { createServer } from 'node:http';

const acts = process.argv.slice(2);
const act = acts[Math.min(cluster.worker.id, acts.length) - 1];
const signOfLife = () => process.send({ gatepost: 'alive' });
if (act === 'fails') process.exit(3);
createServer().listen(0, '127.0.0.1', () => {
  // Not before the parent knows that it listens.
  if (act === 'ends') setTimeout(() => process.exit(4), 300);
  if (act === 'hangs') setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 300);
  setInterval(signOfLife, 50);
});
