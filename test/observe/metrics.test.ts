import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { createMetrics, metricsListener } from '../../src/observe/metrics.ts';
import { decision } from './decision.ts';

test('decisions are counted by application, dialect, decision, reason and method', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  const allowed =
    'gatepost_decisions_total{application="grafana",dialect="traefik",decision="allow",reason="",auth_method="login"}';
  events.emit('decision', { ...decision });
  events.emit('decision', { ...decision });
  expect(await registry.metrics()).toContain(`${allowed} 2\n`);
  // Counted on, and not twice, after the metrics were read.
  events.emit('decision', { ...decision });
  events.emit('decision', { ...decision, decision: 'sign_in', reason: 'no_credentials', auth_method: undefined });
  const text = await registry.metrics();
  expect(text).toContain(`${allowed} 3\n`);
  expect(text).toContain('decision="sign_in",reason="no_credentials",auth_method=""} 1\n');
});

test('the time of a decision is a histogram with cumulated buckets, sum and count', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  for (const duration_ms of [0.1, 0.2, 3, 60_000]) events.emit('decision', { ...decision, duration_ms });
  const text = await registry.metrics();
  const bucket = (le: string) =>
    new RegExp(`gatepost_decision_duration_seconds_bucket\\{le="${le}",decision="allow"\\} (\\d+)`).exec(text)?.[1];
  expect(text).toContain('# TYPE gatepost_decision_duration_seconds histogram');
  expect([bucket('0.0001'), bucket('0.00025'), bucket('0.0025'), bucket('0.005')]).toEqual(['1', '2', '2', '3']);
  expect([bucket('10'), bucket('\\+Inf')]).toEqual(['3', '4']);
  expect(text).toContain('gatepost_decision_duration_seconds_count{decision="allow"} 4\n');
  expect(Number(/seconds_sum\{decision="allow"\} (\S+)/.exec(text)?.[1])).toBeCloseTo(60.0033, 6);
});

test('log lines that were lost are counted', async () => {
  let dropped = 3;
  const registry = createMetrics(createEvents(), () => dropped);
  expect(await registry.metrics()).toContain('\ngatepost_log_lines_dropped_total 3\n');
  dropped = 5;
  expect(await registry.metrics()).toContain('\ngatepost_log_lines_dropped_total 5\n');
});

test('the listener of the metrics answers the ping of health checks, and nothing else beside', async () => {
  const server = createServer(metricsListener(createMetrics(createEvents(), () => 0))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (method: string, path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } })).status;
  const ping = '/outpost.goauthentik.io/ping';
  expect([await ask('HEAD', ping), await ask('GET', ping), await ask('GET', '/metrics')]).toEqual([204, 204, 200]);
  expect([await ask('GET', `${ping}/x`), await ask('GET', '/'), await ask('GET', '/auth/nginx')]).toEqual([
    404, 404, 404,
  ]);
  server.close();
});
