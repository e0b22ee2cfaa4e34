/** The mode of a provider: forward authentication is what Gatepost does. Pure. */
import { Refusal } from './refusal.ts';

export type ForwardMode = 'forward_single' | 'forward_domain';

/** @throws Refusal */
export function readMode(mode: unknown): ForwardMode {
  if (mode === 'forward_single' || mode === 'forward_domain') return mode;
  if (mode === 'proxy') throw new Refusal('mode', 'is proxy: reverse proxying is not served, set Forward auth');
  throw new Refusal('mode', 'is none that is known here: set Forward auth');
}
