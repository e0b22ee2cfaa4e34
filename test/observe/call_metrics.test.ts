/** Calls, sessions, refreshes and credentials as metrics. */
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { decision } from './decision.ts';

test('requests to providers are counted by issuer, call and outcome, and timed by call', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  const call = { issuer: 'https://id.example.com', call: 'token', outcome: 'ok' } as const;
  events.emit('provider_call', { ...call, duration_ms: 40 });
  events.emit('provider_call', { ...call, outcome: 'timeout', duration_ms: 9800 });
  const text = await registry.metrics();
  const series = (outcome: string) =>
    `gatepost_provider_calls_total{issuer="https://id.example.com",call="token",outcome="${outcome}"} 1\n`;
  expect(text).toContain(series('ok'));
  expect(text).toContain(series('timeout'));
  expect(text).toContain('gatepost_provider_call_duration_seconds_bucket{le="0.05",call="token"} 1\n');
  expect(text).toContain('gatepost_provider_call_duration_seconds_sum{call="token"} 9.84\n');
});

test('calls of the store are counted by operation and outcome, and timed', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  events.emit('store_call', { operation: 'get', outcome: 'ok', duration_ms: 0.3 });
  events.emit('store_call', { operation: 'get', outcome: 'unavailable', duration_ms: 900 });
  const text = await registry.metrics();
  expect(text).toContain('gatepost_store_calls_total{operation="get",outcome="unavailable"} 1\n');
  expect(text).toContain('gatepost_store_call_duration_seconds_bucket{le="0.0005",operation="get"} 1\n');
  expect(text).toContain('gatepost_store_call_duration_seconds_count{operation="get"} 2\n');
});

test('whether the store can be used is looked at when the metrics are read', async () => {
  let isUp = true;
  const ready = async () => {
    if (!isUp) throw new Error('away');
  };
  const registry = createMetrics(createEvents(), () => 0, ready);
  expect(await registry.metrics()).toContain('\ngatepost_store_up 1\n');
  isUp = false;
  expect(await registry.metrics()).toContain('\ngatepost_store_up 0\n');
  expect(await createMetrics(createEvents(), () => 0).metrics()).not.toContain('gatepost_store_up');
});

test('sessions, refreshes and credentials are counted', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  events.emit('session_started', { application: 'grafana', auth_method: 'login' });
  events.emit('session_ended', { application: 'grafana', reason: 'signed_out' });
  events.emit('refresh', { application: 'grafana', outcome: 'failed' });
  events.emit('credential', { application: 'grafana', scheme: 'basic', outcome: 'limited' });
  const text = await registry.metrics();
  for (const series of [
    'gatepost_sessions_started_total{application="grafana",auth_method="login"} 1',
    'gatepost_sessions_ended_total{application="grafana",reason="signed_out"} 1',
    'gatepost_session_refreshes_total{application="grafana",outcome="failed"} 1',
    'gatepost_credential_checks_total{application="grafana",scheme="basic",outcome="limited"} 1',
  ])
    expect(text).toContain(`${series}\n`);
});

test('the time of decisions is there by application, and not for what is about none', async () => {
  const events = createEvents();
  const registry = createMetrics(events, () => 0);
  events.emit('decision', { ...decision, duration_ms: 3 });
  events.emit('decision', { ...decision, application: undefined, decision: 'unknown_host', duration_ms: 3 });
  const text = await registry.metrics();
  expect(text).toContain('gatepost_application_duration_seconds_bucket{le="0.001",application="grafana"} 0\n');
  expect(text).toContain('gatepost_application_duration_seconds_bucket{le="0.01",application="grafana"} 1\n');
  expect(text).not.toContain('gatepost_application_duration_seconds_count{application=""}');
});
