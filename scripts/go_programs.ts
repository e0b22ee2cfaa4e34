/** Builds the programs that are to be had as Go modules only, into `.tools`. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtPath, findTool, type Tool, traefikDefinitions, VERSIONS } from './tools.ts';

interface GoProgram {
  tool: Tool;
  /** The folder of the Go module that pins it. */
  module: string;
  package: string;
  /** Values of its variables, as `-X` of the linker takes them: what its own build fills in. */
  variables?: string[];
}

const folder = (path: string) => fileURLToPath(new URL(`../test/${path}`, import.meta.url));

const PROGRAMS: GoProgram[] = [
  { tool: 'egctl', module: folder('integration/envoy_gateway'), package: 'github.com/envoyproxy/gateway/cmd/egctl' },
  { tool: 'istio-xds', module: folder('integration/istio'), package: '.' },
  { tool: 'etcd', module: folder('kubernetes/tools/etcd'), package: 'go.etcd.io/etcd/server/v3' },
  {
    tool: 'kube-apiserver',
    module: folder('kubernetes/tools/apiserver'),
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    // Clients read from it what the server can do.
    variables: [`k8s.io/component-base/version.gitVersion=v${VERSIONS['kube-apiserver']}`],
  },
  { tool: 'helm', module: folder('kubernetes/tools/helm'), package: 'helm.sh/helm/v3/cmd/helm' },
  { tool: 'caddy-docker-proxy', module: folder('integration/caddy_docker'), package: '.' },
];

const DEFINITIONS = 'docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml';

/** A file of Traefik's sources: nothing is built for it. */
function copyTraefikDefinitions(): void {
  if (existsSync(traefikDefinitions)) return;
  const download = ['mod', 'download', '-json', 'github.com/traefik/traefik/v3'];
  const module: unknown = JSON.parse(
    execFileSync('go', download, { cwd: folder('kubernetes/tools/traefik'), encoding: 'utf8' }),
  );
  if (typeof module !== 'object' || module === null || !('Dir' in module)) throw new Error('go names no folder');
  copyFileSync(join(String(module.Dir), DEFINITIONS), traefikDefinitions);
}

/** Says what it builds, as each takes some minutes the first time. A failure is said and leaves the program missing. */
export function buildGoPrograms(): void {
  for (const { tool, module, package: name, variables = [] } of PROGRAMS) {
    const path = builtPath(tool);
    if (path === undefined || findTool(tool)) continue;
    console.log(`builds with go: ${path}`);
    try {
      const flags = ['-s', '-w', ...variables.map((one) => `-X ${one}`)];
      const build = ['build', `-ldflags=${flags.join(' ')}`, '-o', path, name];
      execFileSync('go', build, { cwd: module, stdio: ['ignore', 'inherit', 'inherit'] });
    } catch (error) {
      console.error(`${tool}: ${(error as Error).message}`);
    }
  }
  try {
    copyTraefikDefinitions();
  } catch (error) {
    console.error(`Traefik's definitions: ${(error as Error).message}`);
  }
}
