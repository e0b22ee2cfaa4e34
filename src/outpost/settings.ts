/** What the operator chose for outpost mode, and how it has changed. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { OutpostSettings } from './types.ts';

const KEYS: Readonly<Record<keyof OutpostSettings, string>> = {
  host: 'outpost.host',
  insecure: 'outpost.insecure',
  hostBrowser: 'outpost.host_browser',
  passClientIp: 'outpost.pass_client_ip',
  keepMs: 'outpost.keep',
  overrides: 'outpost.overrides',
  logLevelIsGiven: 'log.level',
  secretIsGiven: 'secret',
};

/** The names of the keys in which they differ, for the log. */
export function changedSettings(one: OutpostSettings, other: OutpostSettings): string[] {
  const fields = Object.keys(KEYS) as (keyof OutpostSettings)[];
  return fields.filter((field) => !isDeepStrictEqual(one[field], other[field])).map((field) => KEYS[field]);
}
