/** What Traefik does with objects that somebody has got wrong: the application must not become open by it. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { traefikDefinitions } from '../../scripts/tools.ts';
import type { TestedProxy } from '../integration/proxy.ts';
import { startSite } from '../integration/site.ts';
import { startWorld, type World } from '../integration/world.ts';
import { needTool } from '../support/tools.ts';
import { applyAll, namespace, type Resource } from './api.ts';
import { part } from './files.ts';
import { defineTraefik, traefikCrd, traefikIngress } from './traefik.ts';

const cluster = inject('cluster');
const traefik = needTool('traefik');
const usable = cluster !== undefined && traefik !== undefined && existsSync(traefikDefinitions);

const without = (name: string) => (objects: Resource[]) => objects.filter(({ metadata }) => metadata.name !== name);

/** As somebody writes it who keeps the middlewares in one place for all sites. */
const elsewhere = (objects: Resource[]) =>
  objects.map((one) => {
    if (one.kind !== 'IngressRoute' || one.metadata.name !== 'app') return one;
    part(one, 'spec', 'routes', 0).middlewares = [{ name: 'gatepost', namespace: 'elsewhere' }];
    return one;
  });

describe.skipIf(!usable)('Traefik', () => {
  if (!cluster || !traefik) return;
  let world: World;
  beforeAll(async () => {
    await defineTraefik(cluster, traefikDefinitions);
    await applyAll(cluster, [namespace('elsewhere')]);
    world = await startWorld(['traefik-crd', 'traefik-ingress']);
  });
  afterAll(() => world?.close());

  test.each<[string, TestedProxy]>([
    ['an IngressRoute whose chain is not there', traefikCrd(cluster, without('gatepost'))],
    ['a chain without its forwardAuth', traefikCrd(cluster, without('gatepost-auth'))],
    ['an IngressRoute with the middleware of another namespace', traefikCrd(cluster, elsewhere)],
    ['an Ingress whose chain is not there', traefikIngress(cluster, without('gatepost'))],
    ['an Ingress whose chain has no forwardAuth', traefikIngress(cluster, without('gatepost-auth'))],
  ])('%s is no way to the application', async (_what, proxy) => {
    const site = await startSite(world, proxy, traefik, 'single');
    try {
      const seen = await site.watch(async () => {
        for (const path of ['/', '/public/x']) expect((await site.ask({ path })).status, path).toBe(404);
      });
      expect(seen).toEqual([]);
    } finally {
      await site.stop();
    }
  });
});
