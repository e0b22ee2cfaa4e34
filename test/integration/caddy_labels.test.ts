/** caddy-docker-proxy with labels of containers: the cases of every proxy, and what is so with labels alone. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { needTool } from '../support/tools.ts';
import { caddyLabels } from './caddy_labels.ts';
import { editCompose, useLabels } from './labels_site.ts';
import { proxySuite } from './site_suite.ts';

// All in one file: the plugin's administration port is 2019 always.
proxySuite([caddyLabels]);

const binary = needTool('caddy-docker-proxy');
const IMPORT = 'caddy.route.0_import: gatepost';
const PROXY = 'caddy.route.1_reverse_proxy:';

describe.skipIf(!binary)('labels', () => {
  const startLabels = useLabels();
  /** The shipped site, with its Compose file edited. */
  const start = (change: (text: string) => string) =>
    startLabels(
      caddyLabels,
      editCompose((text) => {
        for (const line of [IMPORT, PROXY]) if (!text.includes(line)) throw new Error(`no label ${line}`);
        return change(text);
      }),
    );

  test('two containers with the same labels are one protected site', async () => {
    const { site } = await start((text) => {
      const app = /\n {2}app:\n[\s\S]*?restart: unless-stopped\n/.exec(text)?.[0] ?? '';
      return text.replace(app, `${app}${app.replace('\n  app:', '\n  app-2:')}`);
    });
    expect(await site.watch(() => site.ask({ path: '/private' }))).toEqual([]);
    const { cookie } = await site.signIn();
    expect((await site.ask({ path: '/page', headers: [cookie] })).status).toBe(200);
  });

  const also =
    (...labels: string[]) =>
    (text: string) => {
      const to = /_reverse_proxy: (.*)/.exec(text)?.[1];
      return text.replace(IMPORT, [IMPORT, ...labels.map((label) => label.replace(/:$/, `: ${to}`))].join('\n      '));
    };

  // Attack: the rule that opens /public/ opens /part/public/, which is another page.
  test('below a path, the rules see the path that the client wrote', async () => {
    const route = 'caddy.handle_path.route';
    const { site } = await start(
      also('caddy.handle_path: /part/*', `${route}.0_import: gatepost`, `${route}.1_reverse_proxy:`),
    );
    expect(await site.watch(() => site.ask({ path: '/part/public/x' }))).toEqual([]);
    const { cookie } = await site.signIn();
    expect((await site.ask({ path: '/part/page?a=b', headers: [cookie] })).seen?.url).toBe('/page?a=b');
  });

  // What the file and the page warn of.
  test('without numbers, a "handle" comes before the auth request', async () => {
    const handle = also('caddy.route.handle: /private*', 'caddy.route.handle.reverse_proxy:');
    const { site } = await start((text) =>
      handle(text).replace('.0_import', '.import').replace('.1_reverse_proxy', '.reverse_proxy'),
    );
    expect((await site.ask({ path: '/private' })).status).toBe(200);
  });

  test('with numbers it comes after it', async () => {
    const { site } = await start((text) => text.replace(PROXY, 'caddy.route.1_handle.reverse_proxy:'));
    expect(await site.watch(() => site.ask({ path: '/private' }))).toEqual([]);
    const { cookie } = await site.signIn();
    expect((await site.ask({ path: '/page', headers: [cookie] })).status).toBe(200);
  });

  test.each([
    ['ends', []],
    ['stays with stream_close_delay', ['caddy.route.1_reverse_proxy.stream_close_delay: 1h']],
  ])('when another container stops, a WebSocket %s', async (what, labels: string[]) => {
    const other = '\n  other:\n    labels: { caddy: "http://other.localhost:1", caddy.respond: "200" }\n';
    const more = [IMPORT, ...labels].join('\n      ');
    const { site, engine } = await start((text) => text.replace(IMPORT, more).replace(/\n {2}app:\n/, `${other}$&`));
    const socket = new WebSocket(`ws://127.0.0.1:${site.port}/public/socket`, { headers: { Host: site.host } });
    socket.on('error', () => undefined);
    await once(socket, 'message');
    const closed = new Promise((done) => socket.on('close', done));
    // The configuration that Caddy has; `undefined` while it begins anew, which ends the connection that asks.
    const known = () =>
      fetch('http://localhost:2019/config/', { headers: { connection: 'close' } })
        .then((answer) => answer.text())
        .catch(() => undefined);
    expect(await known()).toContain('other.localhost');
    engine.stopContainer('other');
    while ((await known())?.includes('other.localhost') !== false) await sleep(50);
    if (what === 'ends') await closed;
    else {
      socket.send('still here');
      expect(String((await once(socket, 'message'))[0])).toBe('still here');
    }
    socket.terminate();
  });

  test('without the base Caddyfile there is no site', async () => {
    const started = startLabels(caddyLabels, (where) => rmSync(join(where.directory, 'Caddyfile')));
    // Caddy listens on no port then, so that the program counts as not started.
    await expect(started).rejects.toThrow('does not listen');
  });
});
