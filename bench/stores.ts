/** The stores that are measured: created empty for one run, and removed after it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endsWithUs } from './children.ts';
import { pinned } from './cores.ts';

export const stores = ['memory', 'file', 'redis'] as const;

export interface OpenStore {
  /** As `store:` has it. */
  address: string;
  close(): Promise<void>;
}

export async function openStore(name: string): Promise<OpenStore> {
  if (name === 'memory') return { address: 'memory', close: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'gatepost-bench-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (name === 'file') return { address: pathToFileURL(folder).href, close: remove };
  const port = await freePort();
  const command = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const server = spawn(...pinned('load', command), { stdio: 'ignore' });
  endsWithUs(server);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  return {
    address: `redis://127.0.0.1:${port}`,
    async close() {
      server.kill();
      await ended;
      await remove();
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server over a store of its own, which ends with it. */
export async function startWithStore<T extends { close(): Promise<void> }>(
  name: string,
  start: (address: string) => Promise<T>,
): Promise<T> {
  const store = await openStore(name);
  const running = await start(store.address).catch(async (error) => {
    await store.close();
    throw error;
  });
  const close = async () => {
    await running.close();
    await store.close();
  };
  return { ...running, close };
}
