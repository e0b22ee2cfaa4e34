/** Which proxy stands in front of the demo's site: a real one with the project's own files, or the built-in one. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caddy } from '../test/integration/caddy.ts';
import { nginx } from '../test/integration/nginx.ts';
import type { TestedProxy } from '../test/integration/proxy.ts';
import { traefik } from '../test/integration/traefik.ts';
import { findTool } from '../test/support/tools.ts';
import { startGateway } from './gateway.ts';

export const gatewayNames = ['traefik', 'caddy', 'nginx', 'builtin'] as const;
export type GatewayName = (typeof gatewayNames)[number];

const real: Record<Exclude<GatewayName, 'builtin'>, TestedProxy> = { traefik, caddy, nginx };

export interface Ports {
  port: number;
  gatepost: number;
  site: number;
}

export interface RunningGateway {
  /** Its name, and the program where it is a real one. */
  description: string;
  stop(): Promise<void>;
}

/** Starts `wanted`, or without a wish the first that is there and starts: an old one may not know the project's files. */
export async function startAnyGateway(wanted: GatewayName | undefined, ports: Ports): Promise<RunningGateway> {
  if (wanted) return startNamed(wanted, ports);
  for (const name of gatewayNames) {
    if (name !== 'builtin' && findTool(real[name].tool) === undefined) continue;
    try {
      return await startNamed(name, ports);
    } catch (error) {
      if (name === 'builtin') throw error;
      console.error(`${name} does not start, so another gateway is taken: ${(error as Error).message}`);
    }
  }
  throw new Error('no gateway starts');
}

async function startNamed(name: GatewayName, ports: Ports): Promise<RunningGateway> {
  if (name === 'builtin') {
    const { stop } = await startGateway({ ...ports, host: `app.localhost:${ports.port}` });
    return { description: 'the built-in gateway', stop };
  }
  const proxy = real[name];
  const binary = findTool(proxy.tool);
  if (!binary) throw new Error(`${name} is neither on PATH nor fetched: npm run fetch-proxies`);
  const directory = await mkdtemp(join(tmpdir(), 'gatepost-demo-'));
  const cleared = () => rm(directory, { recursive: true, force: true });
  const cookie = `authentik_proxy_${createHash('sha256').update('demo').digest('hex').slice(0, 8)}`;
  const { port, gatepost, site: upstream } = ports;
  try {
    const site = { mode: 'forward_single' as const, directory, port, gatepost, upstream, cookie };
    const running = await proxy.start(binary, { ...site, hosts: ['app.localhost'] });
    return { description: `${name} (${binary})`, stop: () => running.stop().then(cleared) };
  } catch (error) {
    await cleared();
    throw error;
  }
}
