/** What is to be had as Go modules only, for `.tools`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dockerSchema } from './docker_schema.ts';
import { buildGo, copyFromGoModule, type GoBuild } from './go.ts';
import { builtPath, findTool, type Tool, traefikDefinitions, VERSIONS } from './tools.ts';

interface GoProgram extends GoBuild {
  tool: Tool;
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
  { tool: 'actionlint', module: folder('release/actionlint'), package: 'github.com/rhysd/actionlint/cmd/actionlint' },
  { tool: 'registry', module: folder('recipes/registry'), package: '.' },
  { tool: 'crane', module: folder('recipes/crane'), package: 'github.com/google/go-containerregistry/cmd/crane' },
];

/** Files of sources: nothing is built for them. */
const FILES = [
  {
    output: traefikDefinitions,
    module: folder('kubernetes/tools/traefik'),
    dependency: 'github.com/traefik/traefik/v3',
    file: 'docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml',
  },
  {
    output: dockerSchema,
    module: folder('integration/caddy_docker'),
    dependency: 'github.com/docker/docker',
    file: 'api/swagger.yaml',
  },
];

/** A failure is said and leaves the thing missing. */
function attempt(what: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    console.error(`${what}: ${(error as Error).message}`);
    return false;
  }
}

/** Says what it builds, as each takes some minutes the first time. @returns whether all is there */
export function fetchFromGoModules(): boolean {
  const programs = PROGRAMS.filter(({ tool }) => !findTool(tool)).map(({ tool, ...build }) => {
    const path = builtPath(tool);
    if (path === undefined) return false;
    console.log(`builds with go: ${path}`);
    return attempt(tool, () => buildGo(path, build));
  });
  const files = FILES.filter(({ output }) => !existsSync(output)).map(({ module, dependency, file, output }) =>
    attempt(file, () => copyFromGoModule(module, dependency, file, output)),
  );
  return [...programs, ...files].every(Boolean);
}
