/** The Helm chart: installed, changed and removed at a real API server, and what it refuses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { Fields } from '../integration/static_envoy.ts';
import { needTool } from '../support/tools.ts';
import { applyAll, namespace, pathOf, type Resource, request } from './api.ts';
import { chart, configOf, helm, part, podOf, readText, refusal, render, theOne, values } from './files.ts';
import { removeTemporaryFolders, temporaryFolder } from './temporary.ts';

removeTemporaryFolders();
const cluster = inject('cluster');
const program = needTool('helm');
const usable = program !== undefined && cluster !== undefined;
const given = `--values=${values}`;

const stored = async (object: Resource) => request(cluster!, 'GET', await pathOf(cluster!, object));
const named = (kind: string, apiVersion: string, name: string, where: string): Resource => ({
  apiVersion,
  kind,
  metadata: { name, namespace: where },
});

test.runIf(program)('helm lint has no complaint', () => {
  expect(helm(['lint', chart, given, '--strict'])).not.toMatch(/WARNING|ERROR/);
});

test.runIf(usable)('install, upgrade to another store and configuration, and uninstall', async () => {
  const where = '--namespace=charted';
  const deployment = named('Deployment', 'apps/v1', 'gatepost', 'charted');
  await applyAll(cluster!, [namespace('charted', { 'pod-security.kubernetes.io/enforce': 'restricted' })]);
  const said = helm(['install', 'gatepost', chart, where, given], cluster);
  expect(said).toContain('http://gatepost.charted.svc.cluster.local:9000/');
  const first = await stored(deployment);
  expect(part(first.body, 'spec')).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });

  const file = ['--set=config.store=file:///var/lib/gatepost/sessions', '--set=replicas=1'];
  helm(['upgrade', 'gatepost', chart, where, given, ...file], cluster);
  const second = await stored(deployment);
  expect(part(second.body, 'spec')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  const sum = (one: Fields) => part(one, 'spec', 'template', 'metadata', 'annotations')['checksum/config'];
  expect(sum(second.body)).not.toBe(sum(first.body));
  const claim = await stored(named('PersistentVolumeClaim', 'v1', 'gatepost', 'charted'));
  expect(part(claim.body, 'spec').accessModes).toEqual(['ReadWriteOnce']);

  helm(['uninstall', 'gatepost', where], cluster);
  expect((await stored(deployment)).status).toBe(404);
  // Sessions are not thrown away with the release.
  expect((await stored(named('PersistentVolumeClaim', 'v1', 'gatepost', 'charted'))).status).toBe(200);
});

test.runIf(usable)('two releases of one namespace have nothing in common', async () => {
  await applyAll(cluster!, [namespace('twice')]);
  for (const name of ['gatepost', 'blue']) helm(['install', name, chart, '--namespace=twice', given], cluster);
  const selector = async (name: string) =>
    part((await stored(named('Service', 'v1', name, 'twice'))).body, 'spec').selector;
  expect(await selector('blue-gatepost')).not.toEqual(await selector('gatepost'));
});

test.runIf(usable)('every value that is passed on arrives, and the API server takes the whole', async () => {
  await applyAll(cluster!, [namespace('full')]);
  const settings = join(temporaryFolder(), 'full.yaml');
  const ca = { volumes: [{ name: 'ca', configMap: { name: 'ca' } }], mounts: [{ name: 'ca', mountPath: '/etc/ca' }] };
  writeFileSync(
    settings,
    JSON.stringify({
      image: { digest: `sha256:${'a'.repeat(64)}`, pullPolicy: 'Always' },
      imagePullSecrets: [{ name: 'registry' }],
      serviceAccountName: 'gatepost',
      priorityClassName: 'system-cluster-critical',
      readinessPath: '/-/health/live',
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      extraEnvFrom: [{ secretRef: { name: 'more' } }],
      extraVolumes: ca.volumes,
      extraVolumeMounts: ca.mounts,
      podAnnotations: { note: 'x' },
      podLabels: { team: 'edge' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'edge', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [],
      networkPolicy: { extraEgress: [{ ports: [{ port: 9443 }] }] },
      config: { listen: { http: '0.0.0.0:8080', metrics: 'off' } },
    }),
  );
  helm(['install', 'gatepost', chart, '--namespace=full', given, `--values=${settings}`], cluster);
  const { body } = await stored(named('Deployment', 'apps/v1', 'gatepost', 'full'));
  const spec = part(body, 'spec', 'template', 'spec');
  expect(spec).toMatchObject({
    imagePullSecrets: [{ name: 'registry' }],
    serviceAccountName: 'gatepost',
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'edge', operator: 'Exists' }],
    volumes: [{ name: 'config' }, { name: 'ca' }],
  });
  expect(spec.topologySpreadConstraints).toBeUndefined();
  expect(part(body, 'spec', 'template', 'metadata')).toMatchObject({
    labels: { team: 'edge' },
    annotations: { note: 'x' },
  });
  expect(part(spec, 'containers', 0)).toMatchObject({
    image: `registry.example.com/gatepost@sha256:${'a'.repeat(64)}`,
    imagePullPolicy: 'Always',
    env: [{ name: 'HTTPS_PROXY' }],
    envFrom: [{ secretRef: { name: 'gatepost' } }, { secretRef: { name: 'more' } }],
    volumeMounts: [{ name: 'config' }, { name: 'ca' }],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/-/health/live' } },
  });
  expect((await stored(named('Service', 'v1', 'gatepost-metrics', 'full'))).status).toBe(404);
});

test.runIf(program)(
  'the network policy lets in the proxies and Prometheus, each to its port, and is on by default',
  () => {
    const { ingress } = part(theOne(render(), 'NetworkPolicy'), 'spec');
    const peer = (name: string, app: string) => [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': app } },
      },
    ];
    expect(ingress).toEqual([
      { from: peer('traefik', 'traefik'), ports: [{ port: 'http', protocol: 'TCP' }] },
      { from: peer('monitoring', 'prometheus'), ports: [{ port: 'metrics', protocol: 'TCP' }] },
    ]);
    // Attack: a rule without peers lets every pod in.
    const none = part(theOne(render('--set=networkPolicy.prometheus=null'), 'NetworkPolicy'), 'spec').ingress;
    expect(none).toHaveLength(1);
    expect(refusal(given, '--set=networkPolicy.proxies=null')).toContain('networkPolicy.proxies: name the pods');
  },
);

test.runIf(program)('with a store in a folder there are no rule and no password for Redis', () => {
  const objects = render('--set=config.store=file:///var/lib/gatepost/sessions', '--set=replicas=1');
  expect(part(theOne(objects, 'NetworkPolicy'), 'spec').egress).toHaveLength(2);
  const env = { GATEPOST_SECRET: 'a secret of more than 32 characters', APP_CLIENT_SECRET: 'another one' };
  expect(parseConfig(configOf(objects), { env }).store).toBe('file:///var/lib/gatepost/sessions');
  const mounts = part(podOf(objects), 'spec', 'containers', 0).volumeMounts;
  expect(mounts).toContainEqual({ name: 'sessions', mountPath: '/var/lib/gatepost' });
});

test.runIf(program)('a ServiceMonitor finds the Service of the metrics', () => {
  const monitor = theOne(
    render('--set=serviceMonitor.enabled=true', '--set=serviceMonitor.labels.release=x'),
    'ServiceMonitor',
  );
  const { selector } = part(monitor, 'spec');
  const labels = part(theOne(render(), 'Service', 'gatepost-metrics'), 'metadata', 'labels');
  expect(selector).toEqual({ matchLabels: expect.any(Object) });
  expect(labels).toMatchObject(part(monitor, 'spec', 'selector', 'matchLabels'));
  expect(part(monitor, 'metadata', 'labels').release).toBe('x');
});

test.runIf(program).each([
  ['no image', [], 'image.repository: name the image'],
  ['no secret', [given, '--set=existingSecret='], 'existingSecret: name the Secret with GATEPOST_SECRET'],
  ['no application', [given, '--set=config.applications=null'], 'config.applications: list at least one'],
  ['two replicas with memory', [given, '--set=config.store=memory'], '2 replicas need a store that they share'],
  ['two replicas without a store', [given, '--set=config.store=null'], 'config.store is memory'],
  ['two replicas with a folder', [given, '--set=config.store=file:///var/lib/gatepost/x'], '2 replicas need a store'],
  ['a folder elsewhere', [given, '--set=replicas=1,config.store=file:///data'], 'below persistence.mountPath'],
  ['loopback', [given, '--set=config.listen.http=127.0.0.1:9000'], 'nothing outside of the pod reaches 127.0.0.1'],
  [
    'a secret in clear',
    [given, '--set=config.secret=0123456789abcdef0123456789abcdef'],
    'config.secret: a secret in a',
  ],
  [
    'a client secret',
    [given, '--set=config.applications[0].client_secret=x'],
    'applications[0].client_secret: a secret',
  ],
  ["Redis's password", [given, '--set=config.redis.password=x'], 'config.redis.password: a secret in a'],
  ['a password in the URL', [given, '--set=config.store=redis://:x@redis:6379'], 'config.store: a secret in a'],
  [
    'a default that is secret',
    [given, '--set=config.defaults.client_secret=x'],
    'config.defaults.client_secret: a secret',
  ],
  ['a misspelt value', [given, '--set=replica=3'], "additional properties 'replica' not allowed"],
  ['a number for a client id', [given, '--set=config.applications[0].client_id=312345678'], 'client_id'],
  ['too short an end', [given, '--set=preStopSeconds=16'], 'must be 5 s more than preStopSeconds'],
  ['read by many nodes', [given, '--set=persistence.accessModes[0]=ReadWriteMany'], 'accessModes'],
])('%s is refused, with what to do', (_what, settings, words) => {
  expect(refusal(...settings)).toContain(words);
});

test.runIf(program)('what is no secret in clear is taken', () => {
  const list = ['--set-json=config.secret=["${NEW_SECRET}", "${GATEPOST_SECRET}"]'];
  expect(configOf(render(...list))).toContain('${NEW_SECRET}');
  expect(configOf(render('--set=config.store=redis://:${REDIS_PASSWORD}@redis:6379'))).toContain('@redis');
  expect(configOf(render('--set=config.store=null', '--set=config.store_file=/etc/redis/url'))).toContain('store_file');
});

test.runIf(program)('every example of values on the page is taken by the chart', () => {
  const page = readText('docs/proxies/kubernetes.md');
  const examples = [...page.matchAll(/^```yaml\n(# values\n[\s\S]*?)^```$/gm)].map(([, text]) => text!);
  expect(examples).toHaveLength(5);
  examples.forEach((text, at) => {
    const file = join(temporaryFolder(), `${at}.yaml`);
    writeFileSync(file, text);
    const env = { GATEPOST_SECRET: 'x'.repeat(32), REDIS_PASSWORD: 'x', APP_CLIENT_SECRET: 'x' };
    const rendered = configOf(render(`--values=${file}`)).replaceAll(/ca_file: .*/g, '');
    expect(() => parseConfig(rendered, { env }), text).not.toThrow();
  });
});
