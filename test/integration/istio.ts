/**
 * Istio with the files of kubernetes/istio: its own code makes of them the configuration that it would send to an ingress
 * gateway, and Envoy runs that.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyFront } from './docs_diff.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';
import { type Fields, fieldsOf, isFields, startStaticEnvoy, type Xds } from './static_envoy.ts';

/** Services of the cluster, as entries with addresses on loopback in place of pods. */
function services(site: Site): string {
  const entry = (host: string, port: number, real: number) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host.split('.')[0], namespace: host.split('.')[1] },
    spec: {
      hosts: [host],
      ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
      resolution: 'DNS',
      endpoints: [{ address: '127.0.0.1', ports: { http: real } }],
    },
  });
  const entries = [
    entry('gatepost.gatepost.svc.cluster.local', 9000, site.gatepost),
    ...['app', 'one', 'two'].map((name) => entry(`${name}.default.svc.cluster.local`, 8080, site.upstream)),
  ];
  return entries.map((one) => JSON.stringify(one)).join('\n---\n');
}

/** Copies the files and fills in their placeholders. */
export function prepare(site: Site): void {
  const [one, two] = site.hosts;
  for (const file of ['mesh-config.yaml', 'gatepost.yaml']) copy(site, `kubernetes/istio/${file}`, file);
  copy(site, `kubernetes/istio/${site.mode}.yaml`, 'site.yaml');
  applyFront(site, 'istio.md', {
    'kubernetes/istio/forward_single.yaml': 'site.yaml',
    'kubernetes/istio/mesh-config.yaml': 'mesh-config.yaml',
  });
  fill(site, 'site.yaml', {
    [`number: ${site.tls ? 443 : 80},`]: `number: ${site.port},`,
    ...(site.mode === 'forward_single'
      ? { 'app.example.com': one }
      : { 'one.example.com': one, 'two.example.com': two ?? '' }),
  });
}

/** What only Istio's build of Envoy has: telemetry, and the protocol between its own proxies. */
const ISTIO_ONLY = /^istio\./;

function withoutIstioOnly(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((one) => !isFields(one) || !('typedConfig' in one) || !ISTIO_ONLY.test(String(one.name)))
      .map(withoutIstioOnly);
  }
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutIstioOnly(one)]));
}

export function translate(binary: string, site: Site): Xds {
  const texts = ['gatepost.yaml', 'site.yaml'].map((file) => readFileSync(join(site.directory, file), 'utf8'));
  writeFileSync(join(site.directory, 'all.yaml'), [services(site), ...texts].join('\n---\n'));
  execFileSync(binary, ['all.yaml', 'mesh-config.yaml', 'xds.json'], { cwd: site.directory, stdio: 'pipe' });
  const made: unknown = JSON.parse(readFileSync(join(site.directory, 'xds.json'), 'utf8'));
  const list = (key: string): Fields[] => fieldsOf(withoutIstioOnly(made), key);
  return { listeners: list('listeners'), routes: list('routes'), clusters: list('clusters') };
}

export const istio: TestedProxy = {
  name: 'istio',
  tool: 'istio-xds',
  dialect: 'envoy',
  start(binary, site, change) {
    prepare(site);
    change?.();
    return startStaticEnvoy(translate(binary, site), site);
  },
};
