/** A replica that is replaced: what a proxy gets in the seconds between the end of a pod and the news of it. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { traefikDefinitions } from '../../scripts/tools.ts';
import { ask } from '../integration/ask.ts';
import { freePort } from '../integration/program.ts';
import { startUpstream } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { configOf, part, podOf, readText, render } from './files.ts';
import { imageOf, startPod, whyNoPods } from './pod.ts';
import { removeTemporaryFolders, temporaryFolder } from './temporary.ts';
import { defineTraefik, traefikCrd } from './traefik.ts';

const cluster = inject('cluster');
const traefik = needTool('traefik');
const usable = cluster && traefik && needTool('helm') && existsSync(traefikDefinitions) && !whyNoPods();
const image = imageOf(readText('Dockerfile'));
const secret = { GATEPOST_SECRET: 'a secret of more than 32 characters', APP_CLIENT_SECRET: 'another one' };
/** Until every node knows that a pod has left the Service. */
const NEWS_MS = 1000;
const HOST = 'app-rollout.localhost';
removeTemporaryFolders();

/** The Service, as kube-proxy makes it of its endpoints: each new connection goes to one of them, and none is cut. */
async function startService(endpoints: number[]) {
  let turn = 0;
  const server = createServer((near) => {
    const far = connect(endpoints[turn++ % endpoints.length]!, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe.skipIf(!usable)('a rolling update', () => {
  if (!cluster || !traefik) return;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  beforeAll(async () => {
    await defineTraefik(cluster, traefikDefinitions);
    upstream = await startUpstream();
  });
  afterAll(() => upstream?.close());

  /** One of two replicas ends under load. What clients got: how often each status. */
  async function endOne(preStopMs: number): Promise<Record<string, number>> {
    const port = await freePort();
    const replicas = await Promise.all(
      [0, 1].map(async () => {
        const own = await freePort();
        const objects = render(
          `--set=config.listen.http=0.0.0.0:${own}`,
          '--set=config.listen.metrics=off',
          '--set=replicas=1,config.store=memory,config.trusted_proxies={127.0.0.0/8}',
          `--set=config.applications[0].external_host=http://${HOST}:${port}`,
          '--set=config.applications[0].issuer=http://127.0.0.1:9',
        );
        const config = { 'gatepost.yaml': configOf(objects) };
        return { port: own, pod: await startPod({ pod: podOf(objects), config, secret, image, port: own }) };
      }),
    );
    const endpoints = replicas.map((one) => one.port);
    const service = await startService(endpoints);
    const site = {
      mode: 'forward_single' as const,
      directory: temporaryFolder(),
      port,
      hosts: [HOST] as [string],
      gatepost: service.port,
      upstream: upstream.port,
      cookie: 'authentik_proxy_00000000',
    };
    const proxy = await traefikCrd(cluster!).start(traefik!, site);
    try {
      const get = async () => (await ask(port, { host: `${HOST}:${port}`, path: '/public/x' })).status;
      for (let waited = 0; waited < 10_000 && (await get()) !== 200; waited += 50) await sleep(50);
      const seen: Record<string, number> = {};
      let isDone = false;
      const clients = [1, 2, 3, 4].map(async () => {
        while (!isDone) {
          const status = await get();
          seen[status] = (seen[status] ?? 0) + 1;
          await sleep(5);
        }
      });
      await sleep(300);
      const news = sleep(NEWS_MS).then(() => endpoints.splice(0, 1));
      await sleep(preStopMs);
      await replicas[0]!.pod.stop();
      await news;
      await sleep(300);
      isDone = true;
      await Promise.all(clients);
      return seen;
    } finally {
      await proxy.stop();
      service.close();
      for (const { pod } of replicas) await pod.stop();
    }
  }

  test('with the seconds of preStop no request is lost', async () => {
    const { seconds } = part(podOf(render()), 'spec', 'containers', 0, 'lifecycle', 'preStop', 'sleep');
    const seen = await endOne(Number(seconds) * 1000);
    expect(Object.keys(seen)).toEqual(['200']);
    expect(seen[200]).toBeGreaterThan(50);
  });

  test('without them some are refused: none passes that Gatepost has not let through', async () => {
    const { 200: passed = 0, ...others } = await endOne(0);
    expect(passed).toBeGreaterThan(0);
    expect(Object.keys(others)).toEqual(['500']);
  });
});
