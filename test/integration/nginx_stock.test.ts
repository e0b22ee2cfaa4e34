/** The shipped nginx files beside the default site that Debian and Ubuntu install. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/free_port.ts';
import { needTool } from '../support/tools.ts';
import { ask } from './ask.ts';
import { startNginx } from './nginx.ts';
import { copy, fill, type Site } from './proxy.ts';
import { startUpstream } from './upstream.ts';

const binary = needTool('nginx');
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(mode: Site['mode'], defaultServer: string) {
  const upstream = await startUpstream();
  stops.push(upstream.close);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-stock-'));
  stops.push(() => rmSync(directory, { recursive: true }));
  // Gatepost is not there, so the sites themselves answer with an error.
  const [port, gatepost] = [await freePort(), await freePort()];
  const site: Site = { mode, directory, port, hosts: ['x'], gatepost, upstream: upstream.port, cookie: 'x' };
  copy(site, 'nginx/gatepost', 'gatepost');
  copy(site, `nginx/${mode}.conf`, 'copied.conf');
  fill(site, 'gatepost/http.conf', { 'gatepost:9000': `127.0.0.1:${gatepost}` });
  fill(site, 'copied.conf', { 'listen 80': `listen 127.0.0.1:${port}` });
  const own = readFileSync(join(directory, 'copied.conf'), 'utf8').replaceAll(
    /(?:app|one|two):8080/g,
    `127.0.0.1:${port}`,
  );
  mkdirSync(join(directory, 'html'));
  writeFileSync(join(directory, 'html', 'index.html'), 'Welcome to nginx');
  writeFileSync(join(directory, 'site.conf'), own + defaultServer.replace('80', `127.0.0.1:${port}`));
  const running = await startNginx(binary!, site);
  stops.push(running.stop);
  const status = async (host: string) => (await ask(port, { path: '/', host })).status;
  return { status, output: running.output, seen: upstream.seen };
}

const debian =
  'server { listen 80 default_server; root html; index index.html; server_name _; location / { try_files $uri $uri/ =404; } }';

describe.skipIf(!binary).each(['forward_single', 'forward_domain'] as const)('%s', (mode) => {
  const host = mode === 'forward_single' ? 'app.example.com' : 'two.example.com';

  test('starts beside the default site, which keeps all other hosts', async () => {
    const { status, output, seen } = await start(mode, debian);
    expect(output()).not.toMatch(/emerg|warn/);
    expect(await status(host)).toBe(500);
    expect(await status('other.example.com')).toBe(200);
    expect(seen).toEqual([]);
  });

  test('refuses all other hosts where no site is the default', async () => {
    const { status, seen } = await start(mode, '');
    expect(await status(host)).toBe(500);
    expect(await status('other.example.com')).toBe(421);
    expect(seen).toEqual([]);
  });
});
