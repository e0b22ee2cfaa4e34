/** The gauges of outpost mode, under authentik's names. */
import { AggregatorRegistry, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createOutpostMetrics } from '../../src/observe/outpost_metrics.ts';

const facts = { uuid: '0f8e2d1c-7a5b-4c3d-9e8f-001122334455', version: '1.4.0' };
const OF_INSTANCE = `outpost_type="proxy",uuid="${facts.uuid}"`;
const OF_BUILD = `${OF_INSTANCE},version="1.4.0",build="gatepost"`;

function start() {
  const registry = new Registry();
  const metrics = createOutpostMetrics(registry, facts);
  const series = async () => (await registry.metrics()).split('\n').filter((line) => /^authentik/.test(line));
  return { registry, metrics, series };
}

test('before the first refresh nothing is shown but that there is no connection', async () => {
  const { series } = start();
  expect(await series()).toEqual([`authentik_outpost_connection{outpost_name="",${OF_INSTANCE}} 0`]);
});

test('a refresh shows the outpost, its build and when it was, in seconds', async () => {
  const { metrics, series } = start();
  metrics.connection(true);
  metrics.refreshed({ outpostName: 'edge', at: 1_800_000_000_500 });
  expect(await series()).toEqual([
    `authentik_outpost_info{outpost_name="edge",${OF_BUILD}} 1`,
    `authentik_outpost_last_update{outpost_name="edge",${OF_BUILD}} 1800000000.5`,
    `authentik_outpost_connection{outpost_name="edge",${OF_INSTANCE}} 1`,
  ]);
  metrics.connection(false);
  expect(await series()).toContain(`authentik_outpost_connection{outpost_name="edge",${OF_INSTANCE}} 0`);
});

test('an outpost that is renamed leaves no series of its name before', async () => {
  const { metrics, series } = start();
  metrics.refreshed({ outpostName: 'edge', at: 1_800_000_000_000 });
  metrics.connection(true);
  metrics.refreshed({ outpostName: 'edge "two"\n', at: 1_800_000_060_000 });
  expect(await series()).toEqual([
    `authentik_outpost_info{outpost_name="edge \\"two\\"\\n",${OF_BUILD}} 1`,
    `authentik_outpost_last_update{outpost_name="edge \\"two\\"\\n",${OF_BUILD}} 1800000060`,
    `authentik_outpost_connection{outpost_name="edge \\"two\\"\\n",${OF_INSTANCE}} 1`,
  ]);
});

test('beside the metrics of workers they stay what they are', async () => {
  const { registry, metrics } = start();
  metrics.refreshed({ outpostName: 'edge', at: 1_800_000_000_000 });
  const all = AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), [], []]);
  expect(await all.metrics()).toContain(`authentik_outpost_last_update{outpost_name="edge",${OF_BUILD}} 1800000000\n`);
});
