/** Starts a proxy again with what docs/header-authentication.md adds for programs that wait for a challenge. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../integration/ask.ts';
import { startCaddy } from '../integration/caddy.ts';
import { startEnvoy } from '../integration/envoy.ts';
import { startNginx } from '../integration/nginx.ts';
import { type Running, startProgram } from '../integration/program.ts';
import type { Site, TestedProxy } from '../integration/proxy.ts';
import { applyDiff, diffs } from './document.ts';

/** A proxy with an application behind it. */
export interface Behind {
  /** `http://localhost:PORT`: a name that every program can resolve. */
  origin: string;
  binary: string;
  site: Site;
  running: Running;
}

/** By proxy: the document's name of each file that changes, and where the tests have it. */
const files: Record<string, Record<string, string>> = {
  nginx: {
    'nginx: gatepost/http.conf': 'gatepost/http.conf',
    'nginx: gatepost/auth_request.conf': 'gatepost/auth_request.conf',
  },
  traefik: { 'Traefik: gatepost.yml': 'gatepost.yml' },
  caddy: { 'Caddy: Caddyfile': 'site.caddy' },
  envoy: { 'Envoy: envoy.yaml': 'envoy.yaml' },
  haproxy: { 'HAProxy: haproxy.cfg': 'haproxy.cfg' },
};

const start: Record<string, (binary: string, site: Site) => Promise<Running>> = {
  nginx: (binary, site) => startNginx(binary, site),
  traefik: (binary, site) => startProgram(binary, [`--configFile=${site.directory}/traefik.yml`], site),
  caddy: startCaddy,
  envoy: startEnvoy,
  haproxy: (binary, site) => startProgram(binary, ['-db', '-f', 'haproxy.cfg'], site),
};

export async function restartForPrograms({ name }: TestedProxy, behind: Behind): Promise<void> {
  const { site, binary } = behind;
  await behind.running.stop();
  for (const [inDocument, file] of Object.entries(files[name]!)) {
    const path = join(site.directory, file);
    const diff = diffs().get(inDocument);
    if (diff === undefined) throw new Error(`the document has no diff for ${inDocument}`);
    writeFileSync(path, applyDiff(readFileSync(path, 'utf8'), diff.replaceAll('app.example.com', 'localhost')));
  }
  const before = behind.running.output();
  const running = await start[name]!(binary, site);
  behind.running = { ...running, output: () => before + running.output() };
  await ready(site);
}

/** Traefik listens before it has read its routes. */
export async function ready({ port }: Site): Promise<void> {
  const ping = { host: `localhost:${port}`, path: '/outpost.goauthentik.io/ping' };
  for (let waited = 0; waited < 10_000 && (await ask(port, ping)).status !== 204; waited += 50) await sleep(50);
}
