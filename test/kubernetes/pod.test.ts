/** The pods of the manifests and of the chart, run as a kubelet would: Gatepost's replicas with Redis, one with a folder, and Redis. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort, type Running, startProgram } from '../integration/program.ts';
import { type Fields, isFields } from '../integration/static_envoy.ts';
import { needTool } from '../support/tools.ts';
import { waitUntil } from '../support/wait.ts';
import type { Resource } from './api.ts';
import { configOf, manifests, part, podOf, readText, render } from './files.ts';
import { imageOf, startPod, whyNoPods } from './pod.ts';
import { removeTemporaryFolders, temporaryFolder } from './temporary.ts';

const helm = needTool('helm');
const redis = needTool('redis-server');
const reason = whyNoPods();
if (reason) console.warn(`\n*** SKIPPED: the pods of Kubernetes: ${reason} ***\n`);
const usable = helm !== undefined && redis !== undefined && reason === undefined;
removeTemporaryFolders();

const secret = {
  GATEPOST_SECRET: 'a secret of more than 32 characters',
  REDIS_PASSWORD: 'a-password',
  APP_CLIENT_SECRET: 'another one',
};
const image = imageOf(readText('Dockerfile'));

/** The chart with ports that are free here, and a provider that is not there. */
function renderOn(port: number, metrics: number, ...settings: string[]): Resource[] {
  const listen = [`--set=config.listen.http=0.0.0.0:${port}`, `--set=config.listen.metrics=0.0.0.0:${metrics}`];
  return render(...listen, '--set=config.applications[0].issuer=http://127.0.0.1:9', ...settings);
}

const startGatepost = (objects: Resource[], port: number) =>
  startPod({ pod: podOf(objects), config: { 'gatepost.yaml': configOf(objects) }, secret, image, port });

/** The answer to a probe of the pod, as the kubelet would ask. */
async function probe(objects: Resource[], name: string): Promise<number> {
  const container = part(podOf(objects), 'spec', 'containers', 0);
  const { path, port } = part(container, name, 'httpGet');
  const ports = Array.isArray(container.ports) ? container.ports.filter(isFields) : [];
  const number = ports.find((one: Fields) => one.name === port)?.containerPort;
  return (await fetch(`http://127.0.0.1:${number}${path}`).catch(() => undefined))?.status ?? 0;
}

const startRedis = async (port: number, password: string): Promise<Running> =>
  startProgram(redis!, ['--port', String(port), '--bind', '127.0.0.1', '--requirepass', password, '--save', ''], {
    port,
    directory: temporaryFolder(),
  });

const ask = (port: number) => {
  const headers = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example.com',
    'X-Forwarded-Uri': '/private',
  };
  return fetch(`http://127.0.0.1:${port}/outpost.goauthentik.io/auth/traefik`, { headers, redirect: 'manual' });
};
const reasonOf = ({ status, headers }: Response) => [status, headers.get('x-gatepost-reason')];

test.runIf(usable)('a replica is ready with its Redis, is not without, lives on, and comes back', async () => {
  const [store, port, metrics] = [await freePort(), await freePort(), await freePort()];
  const objects = renderOn(port, metrics, `--set=config.store=redis://127.0.0.1:${store}`);
  let server = await startRedis(store, secret.REDIS_PASSWORD);
  const pod = await startGatepost(objects, port);
  try {
    await waitUntil(async () => (await probe(objects, 'readinessProbe')) === 200);
    expect(await probe(objects, 'startupProbe')).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).toContain('gatepost_info');
    // The peer here is no pod of the network that `trusted_proxies` names.
    expect(reasonOf(await ask(port))).toEqual([403, 'untrusted_peer']);

    await server.stop();
    await waitUntil(async () => (await probe(objects, 'readinessProbe')) === 503);
    expect(await probe(objects, 'livenessProbe')).toBe(200);
    server = await startRedis(store, secret.REDIS_PASSWORD);
    await waitUntil(async () => (await probe(objects, 'readinessProbe')) === 200);
  } finally {
    await pod.stop();
    await server.stop();
  }
});

test.runIf(usable)(
  'two replicas answer a proxy of the trusted network, and one that ends leaves the other',
  async () => {
    const store = await freePort();
    const server = await startRedis(store, secret.REDIS_PASSWORD);
    const ports = [await freePort(), await freePort()];
    const metrics = [await freePort(), await freePort()];
    const settings = [`--set=config.store=redis://127.0.0.1:${store}`, '--set=config.trusted_proxies={127.0.0.0/8}'];
    const replicas = ports.map((port, at) => renderOn(port, metrics[at]!, ...settings));
    const pods = await Promise.all(replicas.map((objects, at) => startGatepost(objects, ports[at]!)));
    try {
      await waitUntil(async () => (await probe(replicas[1]!, 'readinessProbe')) === 200);
      // `fetch` says that it opens no page: no redirect.
      for (const port of ports) expect(reasonOf(await ask(port))).toEqual([401, 'no_credentials']);
      // After preStop; `stop` throws away a process that outlives three seconds, and here none has a request to finish.
      await pods[0]!.stop();
      expect(await probe(replicas[0]!, 'readinessProbe')).toBe(0);
      expect(reasonOf(await ask(ports[1]!))).toEqual([401, 'no_credentials']);
    } finally {
      for (const pod of pods) await pod.stop();
      await server.stop();
    }
  },
);

test.runIf(usable)(
  'with a folder the user of the pod keeps sessions on the volume, in a folder that is closed to others',
  async () => {
    const [port, metrics] = [await freePort(), await freePort()];
    const store = '--set=config.store=file:///var/lib/gatepost/sessions';
    const objects = renderOn(port, metrics, store, '--set=replicas=1');
    const pod = await startGatepost(objects, port);
    try {
      await waitUntil(async () => (await probe(objects, 'readinessProbe')) === 200);
      const folder = join(pod.volume, 'sessions');
      expect(readdirSync(folder)).toContain('sessions.mdb');
      const { mode, uid } = statSync(folder);
      expect([(mode & 0o777).toString(8), uid]).toEqual(['700', 1000]);
      expect(pod.output()).not.toContain('open to other users');
    } finally {
      await pod.stop();
    }
  },
);

test.runIf(usable)('nothing but the volume can be written where these pods run', async () => {
  const pod = podOf(render());
  part(pod, 'spec', 'containers', 0).command = ['sh', '-c', 'id -u; touch /tmp/x || touch dist/x', '--'];
  const started = startPod({ pod, config: {}, secret, port: await freePort() });
  await expect(started).rejects.toThrow(/1000\n(.*Read-only file system\n){2}/);
});

test.runIf(usable)(
  'the Redis of redis.yaml wants the password, keeps its data on the volume and evicts nothing',
  async () => {
    const port = await freePort();
    const replace = (text: string, volume: string) =>
      text.replace('dir /data', `dir ${volume}\nport ${port}\nbind 127.0.0.1`);
    const template = podOf(manifests('redis.yaml'), 'StatefulSet', 'gatepost-redis');
    const pod = await startPod({ pod: template, secret, port, replace });
    try {
      const command = part(template, 'spec', 'containers', 0, 'readinessProbe', 'exec').command;
      expect(String(command)).toContain('redis-cli ping');
      const cli = (text: string) =>
        execFileSync('sh', ['-c', text.replace('redis-cli', `redis-cli -p ${port}`)], {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, ...secret },
        });
      const script = Array.isArray(command) ? String(command.at(-1)) : '';
      await waitUntil(() => succeeds(() => cli(script)));
      expect(cli('redis-cli ping')).toContain('NOAUTH');
      expect(cli('REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli config get maxmemory-policy')).toContain('noeviction');
      expect(readdirSync(pod.volume)).toContain('appendonlydir');
    } finally {
      await pod.stop();
    }
  },
);

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
