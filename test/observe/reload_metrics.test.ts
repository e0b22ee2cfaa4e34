import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { countReloads } from '../../src/observe/reload_metrics.ts';

test('each reload is counted by its outcome, and whether the file is in force is a gauge', async () => {
  const [events, registry] = [createEvents(), new Registry()];
  const startedAt = Math.floor(Date.now() / 1000);
  countReloads(events, registry);
  const value = async (line: string) => {
    const text = await registry.metrics();
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.split(' ')[1],
    );
  };
  const say = (event: string) => events.emit('log', { level: 'info', event, message: '' });
  expect(await value('gatepost_config_reloads_total{outcome="success"}')).toBe(0);
  expect(await value('gatepost_config_last_reload_successful')).toBe(1);
  expect(await value('gatepost_config_last_reload_success_timestamp_seconds')).toBeGreaterThanOrEqual(startedAt);
  for (const event of ['config.invalid', 'config.invalid', 'config.refused']) say(event);
  expect(await value('gatepost_config_reloads_total{outcome="refused"}')).toBe(1);
  expect(await value('gatepost_config_last_reload_successful')).toBe(0);
  for (const event of ['config.reload_failed', 'config.reloaded', 'config.restart_needed']) say(event);
  expect(await value('gatepost_config_reloads_total{outcome="failed"}')).toBe(1);
  expect(await value('gatepost_config_reloads_total{outcome="success"}')).toBe(1);
  expect(await value('gatepost_config_last_reload_successful')).toBe(1);
  say('config.unchanged');
  expect(await value('gatepost_config_reloads_total{outcome="unchanged"}')).toBe(1);
});
