/** docker-compose.yml's parts, put together without Docker: Traefik, Gatepost and the provider with the very files that are mounted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startDemoProvider } from '../../demo/demo_provider.ts';
import { startSite } from '../../demo/site.ts';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { ask } from '../integration/ask.ts';
import { freePort, startProgram } from '../integration/program.ts';
import { createBrowser } from '../support/browser.ts';
import { resolveLocalhost } from '../support/localhost.ts';
import { needTool } from '../support/tools.ts';

const traefik = needTool('traefik');
const stops: (() => unknown)[] = [];
let port: number;

/** A file of the project with other addresses: here everything is on loopback, on ports that are free. */
function filled(path: string, addresses: Record<string, string>): string {
  let text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  for (const [from, to] of Object.entries(addresses)) {
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

beforeAll(async () => {
  if (!traefik) return;
  port = await freePort();
  stops.push(resolveLocalhost());
  const [app, issuer] = [`http://app.localhost:${port}`, `http://auth.localhost:${port}`];
  const clients = [{ client_id: 'app', client_secret: 'app-demo-secret', url: app }] as const;
  const providerPort = await freePort();
  const provider = await startDemoProvider({ clients: [...clients], issuer, port: providerPort });
  const site = await startSite();
  const own = {
    'http://app.localhost': app,
    'http://auth.localhost': issuer,
    'redis://:${REDIS_PASSWORD}@redis:6379': 'memory',
    'secret: $': 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error }\nsecret: $',
  };
  const env = { GATEPOST_SECRET: 'a secret of more than 32 characters' };
  const gatepost = await serve(parseConfig(filled('compose/gatepost.yaml', own), { env }));
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-compose-'));
  const dynamic = join(folder, 'gatepost.yml');
  const addresses = {
    'http://gatepost:9000': `http://127.0.0.1:${gatepost.http.port}`,
    'http://app:8080': `http://127.0.0.1:${site.port}`,
    'http://provider:8080': `http://127.0.0.1:${providerPort}`,
  };
  writeFileSync(dynamic, filled('compose/traefik.yml', addresses));
  const fixed = { '":80"': `"127.0.0.1:${port}"`, '/etc/traefik/gatepost.yml': dynamic };
  writeFileSync(join(folder, 'traefik.yml'), filled('traefik/traefik.yml', fixed));
  const proxy = await startProgram(traefik, [`--configFile=${folder}/traefik.yml`], { port, directory: folder });
  stops.push(() => rmSync(folder, { recursive: true }), provider.close, site.stop, gatepost.close, proxy.stop);
  // Traefik listens before it has read where to.
  const ready = async () =>
    expect((await ask(port, { path: '/public/', host: `app.localhost:${port}` })).status).toBe(200);
  await vi.waitFor(ready, { timeout: 10_000 });
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

test.runIf(traefik)(
  'a user logs in at the provider behind the same Traefik, and the site receives the identity',
  async () => {
    const host = `app.localhost:${port}`;
    const browser = createBrowser();
    const first = await ask(port, { path: '/some/page', host, headers: [['Accept', 'text/html']] });
    const form = await browser.follow(String(first.headers.location));
    expect(new URL(form.url).host).toBe(`auth.localhost:${port}`);
    const posted = await browser.submit(form, { username: 'bob', password: 'builder', action: 'login' });
    const page = await browser.follow(posted.location!);
    expect([page.url, page.status]).toEqual([`http://${host}/some/page`, 200]);
    expect(page.text).toContain('Hello, Bob Müller');
    expect((await browser.open(`http://${host}/admin`)).status).toBe(403);
  },
);
