/** The objects for ingress-nginx, as an API server takes them. */
import { rmSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { configFile, gatepost } from '../cli/fixture.ts';
import { apply, applyAll, namespace, readManifests } from './api.ts';
import { readText } from './files.ts';

const cluster = inject('cluster');

test.runIf(cluster).each(['controller', 'forward_single', 'forward_single_snippets'])(
  '%s.yaml is taken without a warning',
  async (name) => {
    await applyAll(cluster!, [namespace('ingress-nginx')]);
    for (const object of readManifests(readText(`kubernetes/ingress-nginx/${name}.yaml`))) {
      const { status, warnings } = await apply(cluster!, object);
      expect([object.metadata.name, status, warnings]).toEqual([
        object.metadata.name,
        expect.toBeOneOf([200, 201]),
        [],
      ]);
    }
  },
);

test.runIf(cluster)('so is what gatepost snippet writes for two sites', async () => {
  const { folder, file } = configFile(`
secret: snippets-snippets-snippets-snippets
defaults: { issuer: "https://auth.example.com" }
applications:
  - { name: Grafana, external_host: "https://grafana.example.com", client_id: grafana }
  - { name: Wiki, external_host: "https://wiki.example.com", client_id: wiki }
`);
  const { code, out } = await gatepost(['snippet', 'ingress-nginx', '--config', file]);
  rmSync(folder, { recursive: true });
  expect(code).toBe(0);
  await applyAll(cluster!, [namespace('ingress-nginx')]);
  const objects = out.split(/^# file: .+$/m).flatMap((text) => readManifests(text));
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
    expect.arrayContaining(['Ingress grafana', 'Ingress wiki-gatepost', 'Ingress wiki-gatepost-closed']),
  );
  for (const object of objects) {
    const { status, warnings } = await apply(cluster!, object);
    expect([object.metadata.name, status, warnings]).toEqual([object.metadata.name, expect.toBeOneOf([200, 201]), []]);
  }
});
