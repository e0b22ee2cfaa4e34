/** Some clients write the default port into `Host` or `:authority`: the same site to each proxy (RFC 9110, section 4.2.3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { needTool } from '../support/tools.ts';
import { ask } from './ask.ts';
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { freePort } from './program.ts';
import type { Site, TestedProxy } from './proxy.ts';
import { traefik } from './traefik.ts';
import { startUpstream } from './upstream.ts';

const HOSTS: [string, string] = ['one.site.localhost', 'two.site.localhost'];
const MODES = ['forward_single', 'forward_domain'] as const;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startGatepost(mode: Site['mode']) {
  const { http, close } = await serve(
    parseConfig(`
listen: { http: "127.0.0.1:0", metrics: "127.0.0.1:0" }
secret: integration-tests-integration-tests
nginx_method_header: X-Original-Method
log: { level: error }
applications:
  - name: site
    external_host: http://${HOSTS[0]}
    mode: ${mode}
    ${mode === 'forward_domain' ? 'cookie_domain: site.localhost' : ''}
    issuer: http://127.0.0.1:9/
    client_id: site
    client_secret: secret
    access: [{ path: ^/public/, policy: public }]
`),
  );
  stops.push(close);
  return http.port;
}

async function start(proxy: TestedProxy, mode: Site['mode']) {
  const upstream = await startUpstream();
  stops.push(upstream.close);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-port-'));
  stops.push(() => rmSync(directory, { recursive: true }));
  const [port, gatepost] = [await freePort(), await startGatepost(mode)];
  const where = {
    directory,
    port,
    isDefaultPort: true as const,
    gatepost,
    upstream: upstream.port,
    cookie: 'authentik_proxy_00000000',
  };
  const running = await proxy.start(needTool(proxy.tool)!, { ...where, mode, hosts: HOSTS });
  stops.push(running.stop);
  const ready = async () => (await ask(port, { host: HOSTS[0], path: '/outpost.goauthentik.io/ping' })).status === 204;
  for (let waited = 0; waited < 10_000 && !(await ready()); waited += 50) await sleep(50);
  return port;
}

const cases = [nginx, traefik, caddy, envoy, haproxy]
  .filter(({ tool }) => needTool(tool))
  .flatMap((proxy) => MODES.map((mode) => ({ name: proxy.name, proxy, mode })));

test.each(cases)('$name, $mode: a host with the port 80 or 443 is the site', async ({ proxy, mode }) => {
  const port = await start(proxy, mode);
  const hosts = mode === 'forward_single' ? [HOSTS[0]] : HOSTS;
  for (const host of hosts.flatMap((name) => [name, `${name}:80`, `${name}:443`, `${name.toUpperCase()}:80`])) {
    const visit = await ask(port, { host, path: '/x', headers: [['Accept', 'text/html']] });
    const start = `http://${HOSTS[0]}/outpost.goauthentik.io/start?rd=`;
    expect([host, visit.status, visit.headers.location]).toEqual([host, 302, expect.stringContaining(start)]);
    expect([host, (await ask(port, { host, path: '/public/x' })).seen?.url]).toEqual([host, '/public/x']);
  }
});
