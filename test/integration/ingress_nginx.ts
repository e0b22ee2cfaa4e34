/**
 * nginx with what the ingress-nginx controller writes for the objects of kubernetes/ingress-nginx. The controller itself, its
 * Lua and a cluster are not run: Services are addresses of loopback.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { configMapsOf, headersOf, ingress, locationsOf } from './ingress_nginx_controller.ts';
import { startNginx } from './nginx.ts';
import { publicHost, type Site, type TestedProxy } from './proxy.ts';

const folder = fileURLToPath(new URL('../../kubernetes/ingress-nginx', import.meta.url));

/** The objects of a file, with the placeholders filled in. */
function read(file: string, placeholders: Record<string, string>): unknown[] {
  let text = readFileSync(join(folder, file), 'utf8');
  for (const [placeholder, value] of Object.entries(placeholders)) text = text.replaceAll(placeholder, value);
  return loadAll(text);
}

/** The `http { }` of the controller, as far as its ConfigMap and template say. */
function serverOf(site: Site, file: string): { http: string; server: string } {
  const [host] = site.hosts;
  const objects = read(file, {
    'https://app.example.com': `http://${publicHost(site, host)}`,
    '^app.example.com(:80|:443)?$': `^${publicHost(site, host)}$`,
    'app.example.com': host,
    'gatepost.gatepost.svc.cluster.local:9000': `127.0.0.1:${site.gatepost}`,
  });
  const maps = configMapsOf([...read('controller.yaml', {}), ...objects]);
  const {
    'large-client-header-buffers': large,
    'proxy-set-headers': removed = '',
    ...others
  } = maps.get('ingress-nginx/ingress-nginx-controller') ?? {};
  if (Object.keys(others).length > 0) throw new Error(`unknown keys ${Object.keys(others)}`);
  const ingresses = objects.map((object) => ingress.safeParse(object)).flatMap(({ data }) => data ?? []);
  const addresses = { app: `127.0.0.1:${site.upstream}`, gatepost: `127.0.0.1:${site.gatepost}` };
  const locations = ingresses
    .flatMap((one) => locationsOf(one, headersOf(removed, maps), addresses, maps))
    .sort((one, other) => other.path.length - one.path.length);
  return {
    http: `large_client_header_buffers ${large};
  proxy_headers_hash_max_size 2048;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
\n`,
    server: `server {
  listen 127.0.0.1:${site.port};
  server_name ${host};
  ${locations.flatMap(({ beside, text }) => [...beside, text]).join('\n  ')}
}
server { listen 127.0.0.1:${site.port} default_server; server_name _; return 404; }\n`,
  };
}

const proxyOf = (name: string, file: string, limits: TestedProxy['limits']): TestedProxy => ({
  name,
  tool: 'nginx',
  dialect: 'nginx',
  limits: { otherNames: false, originalForwarded: false, ...limits },
  start(binary, site) {
    const { http, server } = serverOf(site, file);
    writeFileSync(join(site.directory, 'site.conf'), server);
    return startNginx(binary, site, http);
  },
});

/** With annotations alone. */
export const ingressNginx = proxyOf('ingress-nginx', 'forward_single.yaml', { otherUpgrades: false });
/** Where the controller allows snippets. */
export const ingressNginxSnippets = proxyOf('ingress-nginx-snippets', 'forward_single_snippets.yaml', {});
