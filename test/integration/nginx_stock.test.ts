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

/** Starts nginx with `sites`, each a copy of a shipped file for hosts of its own, and another server behind them. */
async function start(sites: { file: Site['mode']; host?: string }[], defaultServer: string) {
  const upstream = await startUpstream();
  stops.push(upstream.close);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-stock-'));
  stops.push(() => rmSync(directory, { recursive: true }));
  // Gatepost is not there, so the sites themselves answer with an error.
  const [port, gatepost] = [await freePort(), await freePort()];
  const mode = sites[0]!.file;
  const site: Site = { mode, directory, port, hosts: ['x'], gatepost, upstream: upstream.port, cookie: 'x' };
  copy(site, 'nginx/gatepost', 'gatepost');
  copy(site, 'nginx/00-gatepost.conf', '00-gatepost.conf');
  fill(site, 'gatepost/http.conf', { 'gatepost:9000': `127.0.0.1:${gatepost}` });
  fill(site, '00-gatepost.conf', { 'listen 80': `listen 127.0.0.1:${port}` });
  const texts = sites.map(({ file, host = 'app.example.com' }) => {
    copy(site, `nginx/${file}.conf`, 'copied.conf');
    fill(site, 'copied.conf', { 'listen 80': `listen 127.0.0.1:${port}` });
    return readFileSync(join(directory, 'copied.conf'), 'utf8')
      .replaceAll('app.example.com', host)
      .replaceAll(/(?:app|one|two):8080/g, `127.0.0.1:${port}`);
  });
  mkdirSync(join(directory, 'html'));
  writeFileSync(join(directory, 'html', 'index.html'), 'Welcome to nginx');
  writeFileSync(join(directory, 'site.conf'), texts.join('') + defaultServer.replace('80', `127.0.0.1:${port}`));
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
    const { status, output, seen } = await start([{ file: mode }], debian);
    expect(output()).not.toMatch(/emerg|warn/);
    expect(await status(host)).toBe(500);
    expect(await status('other.example.com')).toBe(200);
    expect(seen).toEqual([]);
  });

  test('refuses all other hosts where no site is the default', async () => {
    const { status, seen } = await start([{ file: mode }], '');
    expect(await status(host)).toBe(500);
    expect(await status('other.example.com')).toBe(421);
    expect(seen).toEqual([]);
  });
});

test.skipIf(!binary)('the file of one site can be copied once for each site', async () => {
  const hosts = ['app.example.com', 'wiki.example.com', 'files.example.com'];
  const { status, output, seen } = await start(
    hosts.map((host) => ({ file: 'forward_single', host })),
    debian,
  );
  expect(output()).not.toMatch(/emerg|warn/);
  for (const host of hosts) expect([host, await status(host)]).toEqual([host, 500]);
  expect(await status('other.example.com')).toBe(200);
  expect(seen).toEqual([]);
});
