/** The objects for ingress-nginx, as an API server takes them. */
import { expect, inject, test } from 'vitest';
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
