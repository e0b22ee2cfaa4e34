/** A Kubernetes API server on loopback: etcd and kube-apiserver. No kubelet and no controllers, so nothing is run. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort, type Running, startProgram } from '../integration/program.ts';
import { needTool } from '../support/tools.ts';
import { waitUntil } from '../support/wait.ts';
import { type Cluster, request } from './api.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: Cluster | undefined;
  }
}

const TOKEN = 'only-for-this-test';

function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

async function startCluster(etcd: string, apiServer: string, folder: string, running: Running[]): Promise<Cluster> {
  const [store, peer, port] = [await freePort(), await freePort(), await freePort()];
  const urls = { client: `http://127.0.0.1:${store}`, peer: `http://127.0.0.1:${peer}` };
  const etcdFlags = [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${urls.client}`,
    `--advertise-client-urls=${urls.client}`,
    `--listen-peer-urls=${urls.peer}`,
    `--initial-advertise-peer-urls=${urls.peer}`,
    `--initial-cluster=default=${urls.peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
  running.push(await startProgram(etcd, etcdFlags, { port: store, directory: folder }));
  writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},tests,tests,system:masters\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'service-accounts.pem'), serviceAccountKey(), { mode: 0o600 });
  const flags = [
    `--etcd-servers=${urls.client}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${folder}/certificates`,
    `--token-auth-file=${folder}/tokens.csv`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${folder}/service-accounts.pem`,
    `--service-account-signing-key-file=${folder}/service-accounts.pem`,
    // A controller, which is not here, would make the account of each namespace.
    '--disable-admission-plugins=ServiceAccount',
  ];
  const server = await startProgram(apiServer, flags, { port, directory: folder, limitMs: 60_000 });
  running.push(server);
  const cluster = {
    url: `https://127.0.0.1:${port}`,
    token: TOKEN,
    authority: `${folder}/certificates/apiserver.crt`,
  };
  await waitUntil(async () => (await request(cluster, 'GET', '/readyz')).status === 200, 60_000).catch((error) => {
    throw new Error(`the API server is not ready:\n${server.output()}`, { cause: error });
  });
  return cluster;
}

/** For `globalSetup` of the project `kubernetes`: one API server for all its tests. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const [etcd, apiServer] = [needTool('etcd'), needTool('kube-apiserver')];
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-cluster-'));
  const running: Running[] = [];
  const tearDown = async () => {
    for (const one of running.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const cluster = etcd && apiServer ? await startCluster(etcd, apiServer, folder, running) : undefined;
    project.provide('cluster', cluster);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
