/** What protection adds to a request behind a real nginx (`auth_request`) and a real Traefik (`forwardAuth`). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../../scripts/tools.ts';
import { ask } from '../answer.ts';
import { HOST } from '../cases.ts';
import { type Measured, measureInTurn, type Turns } from '../in_turn.ts';
import type { Sample } from '../load.ts';
import { median, medianSample } from '../measure.ts';
import { type Server, startProcess } from '../servers.ts';
import { freePort } from '../stores.ts';
import { applicationFile, type Guard, nginxFile, traefikFiles } from './proxy_files.ts';
import type { Ready } from './world.ts';

/** Few enough that a request does not wait for the others most of the time. */
export const CONNECTIONS = 8;

export interface Protected extends Sample {
  proxy: string;
  /** Who was asked; nobody when absent. */
  by?: string;
  /** Medians of the differences to the unprotected path in the same round, microseconds. */
  added?: { p50: number; p99: number };
}

/** Of the servers that are measured here: what a proxy has to know of them. */
const known: Record<string, Pick<Guard, 'targets' | 'identity'>> = {
  'gatepost-memory': {
    targets: { nginx: '/outpost.goauthentik.io/auth/nginx', traefik: '/outpost.goauthentik.io/auth/traefik' },
    identity: ['X-authentik-username', 'X-authentik-email'],
  },
  'oauth2-proxy': {
    targets: { nginx: '/oauth2/auth', traefik: '/oauth2/auth' },
    identity: ['X-Auth-Request-Preferred-Username', 'X-Auth-Request-Email'],
  },
};

interface Guarded {
  guard: Guard;
  ready: Ready;
}

/** nginx takes all paths from its prefix. */
function startNginx(program: string, folder: string, port: number, file: string): Promise<Server> {
  const prefix = join(folder, String(port));
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  writeFileSync(join(prefix, 'nginx.conf'), file);
  const command = [program, '-p', `${prefix}/`, '-e', 'stderr', '-c', 'nginx.conf'];
  return startProcess({ command, port, path: '/', core: 'load', errors: 'ignore' });
}

function startTraefik(program: string, folder: string, port: number, application: number, guards: Guard[]) {
  const dynamic = join(folder, 'dynamic.yml');
  const files = traefikFiles(port, application, guards, dynamic);
  writeFileSync(join(folder, 'traefik.yml'), files.main);
  writeFileSync(dynamic, files.dynamic);
  const command = [program, `--configFile=${join(folder, 'traefik.yml')}`];
  return startProcess({ command, port, path: '/', core: 'load', errors: 'ignore' });
}

const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

function request(target: string, { port, pid }: Server, guarded?: Guarded): Measured {
  const cookie: Record<string, string> = guarded ? { Cookie: guarded.ready.cookie } : {};
  const headers = { Host: HOST, 'X-Forwarded-Proto': 'https', 'User-Agent': agent, Accept: '*/*', ...cookie };
  const shows = guarded && 'alice alice@example.com';
  return { name: target, port, pid, target, request: { status: 200, headers, shows }, samples: [] };
}

/** A path that opens without a session is not protected, and nothing would be measured. */
async function needProtection({ port, target, request: { headers } }: Measured): Promise<void> {
  const { Cookie: _, ...without } = headers;
  const { status } = await ask(port, without, target);
  if (status < 300 || status >= 500) throw new Error(`${target} without a session: ${status}`);
}

async function measureProxy(proxy: string, server: Server, guarded: Guarded[], turns: Turns): Promise<Protected[]> {
  process.stderr.write(`behind ${proxy}: ${guarded.map(({ guard }) => guard.name).join(', ')}\n`);
  const plain = request('/plain/page', server);
  const own = guarded.map((one) => request(`/${one.guard.name}/page`, server, one));
  for (const one of own) await needProtection(one);
  await measureInTurn([plain, ...own], turns);
  const added = ({ samples }: Measured, of: 'p50' | 'p99') =>
    median(samples.map((sample, at) => sample[of] - plain.samples[at]![of]));
  const rows = own.map((one, at) => ({
    proxy,
    by: guarded[at]!.ready.title,
    ...medianSample(one.samples),
    added: { p50: added(one, 'p50'), p99: added(one, 'p99') },
  }));
  return [{ proxy, ...medianSample(plain.samples) }, ...rows];
}

/** @throws Error where nginx or Traefik is missing */
export async function measureProtection(servers: Ready[], turns: Turns): Promise<Protected[]> {
  const programs = { nginx: findTool('nginx'), traefik: findTool('traefik') };
  if (!programs.nginx || !programs.traefik) throw new Error('nginx or Traefik is missing: npm run tools');
  const guarded = servers.flatMap((ready) => {
    const parts = known[ready.name];
    return parts ? [{ ready, guard: { name: ready.name.replace('-', '_'), port: ready.server.port, ...parts } }] : [];
  });
  const guards = guarded.map(({ guard }) => guard);
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-bench-'));
  const running: Server[] = [];
  const keep = async (starting: Promise<Server>) => {
    const server = await starting;
    running.push(server);
    return server;
  };
  try {
    const application = await freePort();
    await keep(startNginx(programs.nginx, folder, application, applicationFile(application, guards)));
    const ports = { nginx: await freePort(), traefik: await freePort() };
    const file = nginxFile(ports.nginx, application, guards);
    const nginx = await keep(startNginx(programs.nginx, folder, ports.nginx, file));
    const traefik = await keep(startTraefik(programs.traefik, folder, ports.traefik, application, guards));
    const few = { ...turns, connections: CONNECTIONS };
    const first = await measureProxy('nginx', nginx, guarded, few);
    return [...first, ...(await measureProxy('Traefik', traefik, guarded, few))];
  } finally {
    for (const server of running.reverse()) await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
