/** The plain manifests: what the chart makes of its values, what an API server takes, and what Gatepost reads. */
import { load } from 'js-yaml';
import { expect, inject, test } from 'vitest';
import { VERSIONS } from '../../scripts/tools.ts';
import { parseConfig } from '../../src/config/load.ts';
import { version } from '../../src/version.ts';
import { isFields } from '../integration/static_envoy.ts';
import { needTool } from '../support/tools.ts';
import { apply, applyAll, namespace, pathOf, type Resource, readManifests, request } from './api.ts';
import { configOf, manifests, part, podOf, readText, render, theOne } from './files.ts';

const helm = needTool('helm');
const cluster = inject('cluster');
const env = {
  GATEPOST_SECRET: 'a secret of more than 32 characters',
  REDIS_PASSWORD: 'a password',
  APP_CLIENT_SECRET: 'another one',
};

/** What only Helm writes; the configuration as it is read. */
function comparable(object: Resource): unknown {
  const only = (_key: string, value: unknown) => {
    if (!isFields(value)) return value;
    const entries = Object.entries(value)
      .filter(([key]) => !/^(helm\.sh\/|app\.kubernetes\.io\/(version|managed-by)$|checksum\/)/.test(key))
      .map(([key, one]) => [key, key === 'gatepost.yaml' ? load(String(one)) : one] as const)
      .filter(([key, one]) => key !== 'annotations' || (isFields(one) && Object.keys(one).some(isNotHelms)));
    return Object.fromEntries(entries);
  };
  return JSON.parse(JSON.stringify(object, only));
}
const isNotHelms = (key: string) => !/^(helm\.sh|checksum)\//.test(key);

const byName = (objects: Resource[]) =>
  Object.fromEntries(objects.map((one) => [`${one.kind} ${one.metadata.name}`, comparable(one)]));

test.runIf(helm)('the manifests are what the chart makes of the documented values', () => {
  const plain = byName(manifests().filter((one) => !one.metadata.name.startsWith('gatepost-redis')));
  expect(Object.keys(plain)).toHaveLength(6);
  expect(byName(render())).toEqual(plain);
});

test.runIf(cluster)(
  'an API server takes them all, without a warning, in a namespace of the restricted level',
  async () => {
    const restricted = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    const policy = readManifests(readText('kubernetes/application-network-policy.yaml'));
    await applyAll(cluster!, [namespace('gatepost', restricted), ...manifests(), ...policy]);
    for (const object of manifests()) {
      const stored = await request(cluster!, 'GET', await pathOf(cluster!, object));
      expect(stored.status, `${object.kind} ${object.metadata.name}`).toBe(200);
    }
  },
);

// Attack: a container that may write, or is root, is a better place to break out of.
test.runIf(cluster)(
  'their pods are let into a namespace of the restricted level, and not if one line is missing',
  async () => {
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await applyAll(cluster!, [namespace('restricted', restricted)]);
    const pod = (name: string, from: unknown): Resource => {
      const { metadata, spec } = JSON.parse(JSON.stringify(from));
      return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace: 'restricted' }, spec };
    };
    const own = pod('gatepost', podOf(manifests()));
    expect((await apply(cluster!, own)).status).toBe(201);
    const redis = pod('redis', podOf(manifests(), 'StatefulSet', 'gatepost-redis'));
    // The controller of StatefulSets makes the volume of a claim.
    part(redis, 'spec').volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    expect((await apply(cluster!, redis)).status).toBe(201);
    const weaker = pod('weaker', podOf(manifests()));
    delete part(weaker, 'spec', 'containers', 0, 'securityContext').capabilities;
    const refused = await apply(cluster!, weaker);
    expect([refused.status, refused.body.message]).toEqual([403, expect.stringContaining('unrestricted capabilities')]);
  },
);

test.runIf(cluster)('an unknown field is refused', async () => {
  const wrong = theOne(manifests(), 'PodDisruptionBudget');
  part(wrong, 'spec').maxUnavailabel = 1;
  const { status, body } = await apply(cluster!, wrong);
  expect([status < 300, body.message]).toEqual([false, expect.stringContaining('maxUnavailabel')]);
});

test('Gatepost reads the configuration, in which every secret is a variable', () => {
  const config = parseConfig(configOf(manifests()), { env });
  expect(config.listen).toEqual({ http: '0.0.0.0:9000', metrics: '0.0.0.0:9300' });
  expect(() => parseConfig(configOf(manifests()), { env: {} })).toThrow(/GATEPOST_SECRET[\s\S]*APP_CLIENT_SECRET/);
});

test('pod and image agree on the command, the user and the port', () => {
  const dockerfile =
    readText('Dockerfile')
      .split(/^(?=FROM )/m)
      .at(-1) ?? '';
  const pod = podOf(manifests());
  const container = part(pod, 'spec', 'containers', 0);
  const ofImage: string[] = JSON.parse(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? '[]');
  expect(container.args).toEqual([...ofImage, '--config', '/etc/gatepost/gatepost.yaml']);
  expect(container.command).toBeUndefined();
  const { runAsUser, runAsGroup } = part(pod, 'spec', 'securityContext');
  expect(/^USER (.+)$/m.exec(dockerfile)?.[1]).toBe(`${runAsUser}:${runAsGroup}`);
  expect(part(container, 'ports', 0).containerPort).toBe(Number(/^EXPOSE (\d+)$/m.exec(dockerfile)?.[1]));
});

test('the versions of the chart and of its image are those of the package', () => {
  const { version: ofChart, appVersion } = load(readText('kubernetes/chart/Chart.yaml')) as Record<string, unknown>;
  expect([ofChart, appVersion]).toEqual([version, version]);
  expect(part(podOf(manifests()), 'spec', 'containers', 0).image).toMatch(new RegExp(`:${version}$`));
});

// The name of a built program has its version in it: another one in go.mod alone would not be built.
test.each([
  ['etcd', 'etcd', 'go.etcd.io/etcd/server/v3'],
  ['kube-apiserver', 'apiserver', 'k8s.io/kubernetes'],
  ['helm', 'helm', 'helm.sh/helm/v3'],
  ['traefik-crds', 'traefik', 'github.com/traefik/traefik/v3'],
] as const)('go.mod pins the %s that is looked for', (tool, folder, module) => {
  expect(readText(`test/kubernetes/tools/${folder}/go.mod`)).toContain(`${module} v${VERSIONS[tool]}`);
});
