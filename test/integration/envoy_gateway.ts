/**
 * Envoy Gateway with the files of kubernetes/envoy-gateway: its own translator makes of them the configuration that it
 * would send to its Envoy, and Envoy runs that.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyFront } from './docs_diff.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';
import { type Fields, fieldsOf, isFields, startStaticEnvoy, type Xds } from './static_envoy.ts';

export const files = ['gateway.yaml', 'gatepost.yaml'] as const;

/** What is in a cluster besides: the class, and Services. Their address is the loopback's in place of a virtual one. */
function cluster(site: Site): string {
  const service = (namespace: string, name: string, port: number) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { clusterIP: '127.0.0.1', ports: [{ port }] },
  });
  const controllerName = 'gateway.envoyproxy.io/gatewayclass-controller';
  const resources: Fields[] = [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'eg' },
      spec: { controllerName },
    },
    service('gatepost', 'gatepost', site.gatepost),
    ...['app', 'one', 'two'].map((name) => service('default', name, site.upstream)),
  ];
  if (site.tls) {
    const encoded = (path: string) => readFileSync(path).toString('base64');
    resources.push({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name: 'example-com', namespace: 'default' },
      data: { 'tls.crt': encoded(site.tls.chain), 'tls.key': encoded(site.tls.key) },
    });
  }
  return resources.map((one) => JSON.stringify(one)).join('\n---\n');
}

/** Copies the files and fills in their placeholders. */
export function prepare(site: Site): void {
  const [one, two] = site.hosts;
  for (const file of files) copy(site, `kubernetes/envoy-gateway/${file}`, file);
  copy(site, `kubernetes/envoy-gateway/${site.mode}.yaml`, 'site.yaml');
  applyFront(site, 'envoy-gateway.md', { 'kubernetes/envoy-gateway/gateway.yaml': 'gateway.yaml' });
  fill(site, 'gateway.yaml', { [`port: ${site.tls ? 443 : 80}`]: `port: ${site.port}` });
  fill(site, 'site.yaml', {
    'port: 9000': `port: ${site.gatepost}`,
    'port: 8080': `port: ${site.upstream}`,
    ...(site.mode === 'forward_single'
      ? { 'app.example.com': one }
      : { 'one.example.com': one, 'two.example.com': two ?? '' }),
  });
}

/** `resources`: as Envoy Gateway gives them back, with what it says of each in their status. */
export function translate(binary: string, site: Site): { resources: Fields[]; xds: Xds } {
  const texts = [...files, 'site.yaml'].map((file) => readFileSync(join(site.directory, file), 'utf8'));
  writeFileSync(join(site.directory, 'all.yaml'), [cluster(site), ...texts].join('\n---\n'));
  const parameters = ['x', 'translate', '--from', 'gateway-api', '--to', 'gateway-api,xds', '-o', 'json'];
  const options = { cwd: site.directory, encoding: 'utf8', maxBuffer: 16_000_000 } as const;
  const made: unknown = JSON.parse(execFileSync(binary, [...parameters, '-f', 'all.yaml'], options));
  if (!isFields(made)) throw new Error('egctl says nothing');
  const { xds, ...kinds } = made;
  const dump = Object.values(isFields(xds) ? xds : {}).flatMap((one) => fieldsOf(one, 'configs'));
  return {
    resources: Object.values(kinds).flat().filter(isFields),
    xds: {
      // The other one is for Kubernetes' probes, on a fixed port.
      listeners: fieldsOf(dump, 'dynamicListeners', 'activeState', 'listener').filter(
        ({ name }) => !String(name).startsWith('envoy-gateway-proxy-ready'),
      ),
      routes: fieldsOf(dump, 'dynamicRouteConfigs', 'routeConfig'),
      clusters: fieldsOf(dump, 'dynamicActiveClusters', 'cluster'),
      endpoints: fieldsOf(dump, 'dynamicEndpointConfigs', 'endpointConfig'),
      bootstrap: { layeredRuntime: fieldsOf(dump, 'bootstrap', 'layeredRuntime')[0] },
    },
  };
}

/** What Envoy Gateway refuses or cannot resolve, as it would say it in the cluster. */
export function refusals(resources: Fields[]): unknown[] {
  const conditions = resources.flatMap((one) => [
    ...fieldsOf(one, 'status', 'conditions'),
    ...['listeners', 'parents', 'ancestors'].flatMap((key) => fieldsOf(one, 'status', key, 'conditions')),
  ]);
  return conditions.filter(({ status }) => status !== 'True');
}

export const envoyGateway: TestedProxy = {
  name: 'envoy-gateway',
  tool: 'egctl',
  dialect: 'envoy',
  limits: { cookieLines: false },
  start(binary, site, change) {
    prepare(site);
    change?.();
    const { resources, xds } = translate(binary, site);
    const refused = refusals(resources);
    if (refused.length) throw new Error(`Envoy Gateway refuses a file: ${JSON.stringify(refused)}`);
    return startStaticEnvoy(xds, site);
  },
};
