import { createEvents } from '../../../src/observe/events.ts';
import { openStore } from '../../../src/stores/open.ts';
import { sessionEndsOverReplicas } from '../session_ends.replicas.ts';
import { hasRedis, startCluster, startRedis } from './server.ts';

const openAt = (url: string) => () =>
  openStore(url, { now: Date.now, elapsed: () => performance.now() }, createEvents());

if (hasRedis()) {
  sessionEndsOverReplicas(
    'redis',
    async () => {
      const server = await startRedis();
      return {
        open: openAt(server.url),
        close: () => server.stop(),
        pause: () => server.pause(),
        resume: () => server.resume(),
      };
    },
    true,
  );

  sessionEndsOverReplicas('redis, a cluster of three', async () => {
    const nodes = await startCluster();
    return {
      open: openAt(`redis+cluster://${nodes.map((node) => `127.0.0.1:${node.port}`).join(',')}`),
      close: async () => {
        for (const node of nodes) await node.stop();
      },
    };
  });
}
