/** Real Redis servers on free loopback ports, with folders of their own that go with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { freePort } from '../../support/free_port.ts';
import { findTool, needTool } from '../../support/tools.ts';
import { waitUntil } from '../../support/wait.ts';

export { freePort } from '../../support/free_port.ts';

/** Whether Redis is installed. On CI it must be: there a missing server fails the suite instead of passing it by. */
export function hasRedis(): boolean {
  return needTool('redis-server') !== undefined;
}

export interface RedisServer {
  port: number;
  url: string;
  start(): Promise<void>;
  /** `SIGKILL` */
  kill(): Promise<void>;
  /** `SIGSTOP` and `SIGCONT` */
  pause(): void;
  resume(): void;
  /** One command, on a connection of its own. */
  command(...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

async function command(port: number, password: string | undefined, args: string[]): Promise<unknown> {
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
    ...(password !== undefined && { password }),
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

/** A server that is not started yet. `sentinel`: the lines of a sentinel's configuration. */
export function createRedisServer(port: number, options: string[] = [], sentinel?: string): RedisServer {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-redis-'));
  const password = options.includes('--requirepass') ? options[options.indexOf('--requirepass') + 1] : undefined;
  let child: ChildProcess | undefined;
  const send = (...args: string[]) => command(port, password, args);

  async function start(): Promise<void> {
    const base = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
    if (sentinel !== undefined)
      writeFileSync(join(folder, 'sentinel.conf'), `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${sentinel}`);
    const args = sentinel === undefined ? [...base, ...options] : [join(folder, 'sentinel.conf'), '--sentinel'];
    child = spawn(findTool('redis-server')!, args, { stdio: 'ignore' });
    await waitUntil(async () => (await send('PING').catch(() => undefined)) === 'PONG', 30_000);
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await gone;
  }

  return {
    port,
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    command: send,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A running server. */
export async function startRedis(options: string[] = []): Promise<RedisServer> {
  const server = createRedisServer(await freePort(), options);
  await server.start();
  return server;
}

/** Three masters that share the slots. */
export async function startCluster(more: string[] = []): Promise<RedisServer[]> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...more];
  const nodes = await Promise.all([startRedis(options), startRedis(options), startRedis(options)]);
  const [first] = nodes;
  for (const [at, node] of nodes.entries()) {
    const from = Math.floor((at * 16_384) / 3);
    const to = Math.floor(((at + 1) * 16_384) / 3) - 1;
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
    if (node !== first) await node.command('CLUSTER', 'MEET', '127.0.0.1', String(first!.port));
  }
  for (let tries = 0; tries < 300; tries++) {
    const infos = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')));
    const whole = (info: unknown) =>
      /cluster_state:ok/.test(String(info)) && /cluster_known_nodes:3/.test(String(info));
    if (infos.every(whole)) return nodes;
    await sleep(50);
  }
  throw new Error('the cluster did not form');
}

/** The masters of `startCluster` with a replica each, in the same order. */
export async function addReplicas(masters: RedisServer[]): Promise<RedisServer[]> {
  const replicas = await Promise.all(
    masters.map(() => startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'])),
  );
  for (const replica of replicas) await replica.command('CLUSTER', 'MEET', '127.0.0.1', String(masters[0]!.port));
  for (const [at, replica] of replicas.entries()) {
    const id = String(await masters[at]!.command('CLUSTER', 'MYID'));
    await waitUntil(
      async () => (await replica.command('CLUSTER', 'REPLICATE', id).catch(() => undefined)) === 'OK',
      10_000,
    );
    await waitUntil(
      async () => /master_link_status:up/.test(String(await replica.command('INFO', 'replication'))),
      10_000,
    );
  }
  return replicas;
}

/** A master, its replica and a sentinel that watches them. */
export async function startSentinel() {
  const master = await startRedis();
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
  const lines = [
    `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds mymaster 500',
    'sentinel failover-timeout mymaster 2000',
  ];
  const sentinel = createRedisServer(await freePort(), [], `${lines.join('\n')}\n`);
  await sentinel.start();
  await waitUntil(async () =>
    String(await sentinel.command('SENTINEL', 'REPLICAS', 'mymaster')).includes(String(replica.port)),
  );
  return { master, replica, sentinel, url: `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster/0` };
}
