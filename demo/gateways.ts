/** Which proxy stands in front of the demo's site: a real one with the project's own files, or the built-in one. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../scripts/tools.ts';
import { sessionCookieName } from '../src/sessions/session_cookie.ts';
import { caddy } from '../test/integration/caddy.ts';
import { nginx } from '../test/integration/nginx.ts';
import type { TestedProxy } from '../test/integration/proxy.ts';
import { traefik } from '../test/integration/traefik.ts';
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

/** Starts `wanted`, else the first that is installed and starts: an old version may not understand the project's files. */
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
  const binary = findTool(real[name].tool);
  if (!binary) throw new Error(`${name} is neither on PATH nor fetched: npm run tools`);
  return startReal(real[name], binary, ports);
}

async function startReal(proxy: TestedProxy, binary: string, { port, gatepost, site }: Ports): Promise<RunningGateway> {
  const directory = await mkdtemp(join(tmpdir(), 'gatepost-demo-'));
  const external_host = `http://app.localhost:${port}`;
  const cookie = sessionCookieName({ client_id: 'demo', external_host, mode: 'forward_single' });
  const stops = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const one of stops.reverse()) await one();
  };
  try {
    const addresses = { directory, port, gatepost, upstream: site, cookie };
    const running = await proxy.start(binary, { mode: 'forward_single', hosts: ['app.localhost'], ...addresses });
    stops.push(running.stop);
    await untilServing(port);
    return { description: `${proxy.name} (${binary})`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Some listen before they have read where to: waits, 10 s at most, until the site's public page is there. */
async function untilServing(port: number): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 100) {
    const headers = { Host: `app.localhost:${port}` };
    const sent = request({ host: '127.0.0.1', port, path: '/public/', headers, agent: false }).end();
    const response = await once(sent, 'response').then(
      ([found]) => found as IncomingMessage,
      () => undefined,
    );
    response?.resume();
    if (response?.statusCode === 200) return;
    await sleep(100);
  }
  throw new Error('it does not show the public page of the site');
}
