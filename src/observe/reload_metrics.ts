/** Counts how often the configuration was loaded anew, and says how the last time went. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Events } from './events.ts';

/** The event of each outcome: one of them comes for each time. */
const OUTCOMES: Readonly<Record<string, string>> = {
  'config.reloaded': 'success',
  'config.unchanged': 'unchanged',
  'config.refused': 'refused',
  'config.reload_failed': 'failed',
};

/** For the process that reads the file. The configuration of the start counts as one that was loaded. */
export function countReloads(events: Events, registry: Registry): void {
  const registers = [registry];
  const reloads = new Counter({
    name: 'gatepost_config_reloads_total',
    help: 'How often the configuration was loaded anew, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const isGood = new Gauge({
    name: 'gatepost_config_last_reload_successful',
    help: 'Whether the configuration that the file holds is in force: 0 after one that was refused',
    registers,
  });
  const lastAt = new Gauge({
    name: 'gatepost_config_last_reload_success_timestamp_seconds',
    help: 'When a configuration was loaded last that could be used, in seconds since the epoch',
    registers,
  });
  const succeed = () => {
    isGood.set(1);
    lastAt.setToCurrentTime();
  };
  for (const outcome of Object.values(OUTCOMES)) reloads.inc({ outcome }, 0);
  succeed();
  events.on('log', ({ event }) => {
    const outcome = OUTCOMES[event];
    if (outcome === undefined) return;
    reloads.inc({ outcome });
    if (outcome === 'refused' || outcome === 'failed') isGood.set(0);
    else succeed();
  });
}
