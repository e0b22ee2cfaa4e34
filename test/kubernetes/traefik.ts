/** Traefik with the objects of kubernetes/traefik/, which it reads from the API server, as TestedProxy. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { applyFront } from '../integration/docs_diff.ts';
import { startProgram } from '../integration/program.ts';
import { copy, fill, type Site, type TestedProxy } from '../integration/proxy.ts';
import { isFields } from '../integration/static_envoy.ts';
import { applyAll, type Cluster, namespace, type Resource, readManifests } from './api.ts';

/** Where a site's objects are: in namespaces of their own, which nothing else of the cluster is in. */
interface Namespaces {
  site: string;
  gatepost: string;
}

/** A Service that leads to a port of this machine. The API server takes no loopback address for an EndpointSlice. */
const service = (name: string, where: string, port: number): Resource => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: where },
  spec: { type: 'ExternalName', externalName: '127.0.0.1', ports: [{ port }] },
});

/** The arguments that values.yaml has for Traefik, as its chart hands them on. */
function chartArguments(site: Site): string[] {
  const values = load(readFileSync(`${site.directory}/values.yaml`, 'utf8'));
  const given = isFields(values) && Array.isArray(values.additionalArguments) ? values.additionalArguments : [];
  if (given.length === 0) throw new Error('values.yaml has no additionalArguments');
  return given.map(String);
}

/** The certificate of the site as what Traefik takes for `tls: {}`. */
function certificate(site: Site, where: string): Resource[] {
  if (!site.tls) return [];
  const base64 = (path: string) => readFileSync(path).toString('base64');
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'site', namespace: where },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(site.tls.chain), 'tls.key': base64(site.tls.key) },
    },
    {
      apiVersion: 'traefik.io/v1alpha1',
      kind: 'TLSStore',
      metadata: { name: 'default', namespace: where },
      spec: { defaultCertificate: { secretName: 'site' } },
    },
  ];
}

/** @param objects which of the files of kubernetes/traefik/ have the routes */
function fillObjects(site: Site, { site: own, gatepost }: Namespaces, objects: string): Resource[] {
  const [one, two] = site.hosts;
  copy(site, 'kubernetes/traefik/middlewares.yaml', 'middlewares.yaml');
  copy(site, `kubernetes/traefik/${objects}`, 'routes.yaml');
  copy(site, 'kubernetes/traefik/values.yaml', 'values.yaml');
  const isIngress = objects === 'ingress.yaml';
  if (site.balanced) {
    applyFront(site, 'traefik-kubernetes.md', {
      'kubernetes/traefik/values.yaml': 'values.yaml',
      'kubernetes/traefik/middlewares.yaml': 'middlewares.yaml',
      'kubernetes/traefik/forward_single.yaml': 'routes.yaml',
    });
    fill(site, 'values.yaml', { '10.0.0.0/8': '127.0.0.1/32' });
  }
  fill(site, 'middlewares.yaml', {
    'namespace: default': `namespace: ${own}`,
    'http://gatepost.gatepost.svc.cluster.local:9000': `http://127.0.0.1:${site.gatepost}`,
    // The cookie's name ends with them, with __Host- before it and without.
    '00000000': site.cookie.slice(-8),
  });
  fill(site, 'routes.yaml', {
    'namespace: default': `namespace: ${own}`,
    'namespace: gatepost': `namespace: ${gatepost}`,
    ...(isIngress
      ? {
          'default-gatepost@kubernetescrd': `${own}-gatepost@kubernetescrd`,
          'gatepost-gatepost-not-found@kubernetescrd': `${gatepost}-gatepost-not-found@kubernetescrd`,
          'number: 8080': `number: ${site.upstream}`,
          'number: 9000': `number: ${site.gatepost}`,
        }
      : { 'port: 8080': `port: ${site.upstream}`, 'port: 9000': `port: ${site.gatepost}` }),
    // Plain http, as the page has it.
    ...(!site.tls &&
      !site.balanced && { [isIngress ? '    traefik.ingress.kubernetes.io/router.tls: "true"\n' : '  tls: {}\n']: '' }),
    ...(site.mode === 'forward_single'
      ? { 'app.example.com': one }
      : { 'one.example.com': one, 'two.example.com': `${two}` }),
  });
  return ['middlewares.yaml', 'routes.yaml'].flatMap((file) =>
    readManifests(readFileSync(`${site.directory}/${file}`, 'utf8')),
  );
}

type Change = (objects: Resource[]) => Resource[];

async function startTraefik(cluster: Cluster, binary: string, site: Site, objects: string, change: Change) {
  const id = randomBytes(4).toString('hex');
  const namespaces = { site: `site-${id}`, gatepost: `gatepost-${id}` };
  const applications = site.mode === 'forward_single' ? ['app'] : ['one', 'two'];
  await applyAll(cluster, [
    namespace(namespaces.site),
    namespace(namespaces.gatepost),
    ...applications.map((name) => service(name, namespaces.site, site.upstream)),
    service('gatepost', namespaces.gatepost, site.gatepost),
    ...certificate(site, namespaces.site),
    ...change(fillObjects(site, namespaces, objects)),
  ]);
  const providers = objects === 'ingress.yaml' ? ['kubernetesCRD', 'kubernetesIngress'] : ['kubernetesCRD'];
  const parameters = [
    // Both entry points of Traefik's chart.
    `--entryPoints.websecure.address=127.0.0.1:${site.balanced ? 0 : site.port}`,
    `--entryPoints.web.address=127.0.0.1:${site.balanced ? site.port : 0}`,
    ...chartArguments(site),
    ...providers.flatMap((name) => [
      `--providers.${name}.endpoint=${cluster.url}`,
      `--providers.${name}.token=${cluster.token}`,
      `--providers.${name}.certAuthFilePath=${cluster.authority}`,
      `--providers.${name}.namespaces=${namespaces.site},${namespaces.gatepost}`,
      `--providers.${name}.allowExternalNameServices=true`,
    ]),
  ];
  return startProgram(binary, parameters, { port: site.port, directory: site.directory });
}

/** As Traefik's chart makes it. */
const ingressClass: Resource = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'traefik' },
  spec: { controller: 'traefik.io/ingress-controller' },
};

/** Traefik's resources are defined at the API server as Traefik's sources have them. */
export const defineTraefik = (cluster: Cluster, definitions: string): Promise<void> =>
  applyAll(cluster, [...readManifests(readFileSync(definitions, 'utf8')), ingressClass]);

/** @param change what somebody has got wrong in the objects */
const proxy = (name: string, cluster: Cluster, objects: (site: Site) => string, change: Change): TestedProxy => ({
  name,
  tool: 'traefik',
  dialect: 'traefik',
  limits: { otherUpgrades: false },
  start: (binary, site) => startTraefik(cluster, binary, site, objects(site), change),
});

const unchanged: Change = (objects) => objects;
export const traefikCrd = (cluster: Cluster, change = unchanged) =>
  proxy('traefik-crd', cluster, ({ mode }) => `${mode}.yaml`, change);
export const traefikIngress = (cluster: Cluster, change = unchanged) =>
  proxy('traefik-ingress', cluster, () => 'ingress.yaml', change);
