/** A provider that is slow, broken, silent or cut off, and one that changes its keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderState } from '../provider.ts';
import { ALL, type Fault, HEAL_MS, inSeconds } from './fault.ts';

/** A request that hangs is given up after ten seconds, and the next one may come ten seconds later. */
const SILENT_HEAL_MS = 25_000;

/** Until Gatepost has surely read the key set again: what tokens of programs can cause is limited. */
const KEYS_MS = 30_000;

function providerFault(name: string, state: ProviderState, healMs = HEAL_MS): Fault {
  return {
    name,
    stores: ALL,
    healMs,
    makesUnavailable: true,
    async run({ random, provider, announcements }) {
      const ms = random.between(2000, 8000);
      const announced = announcements.begin('keys');
      provider.become(state);
      await sleep(ms);
      provider.become('well');
      announced(KEYS_MS);
      return `the provider ${state.replace('_', ' ')} for ${inSeconds(ms)}`;
    },
  };
}

const keys: Fault = {
  name: 'keys',
  stores: ALL,
  healMs: 0,
  makesUnavailable: false,
  async run({ provider, announcements }) {
    const announced = announcements.begin('keys');
    await provider.rotateKeys();
    announced(KEYS_MS);
    return 'the provider signs with a new key, and publishes the old one still';
  },
};

export const providerFaults = [
  providerFault('provider-slow', 'slow'),
  providerFault('provider-503', 'unavailable'),
  providerFault('provider-silent', 'silent', SILENT_HEAL_MS),
  providerFault('provider-reset', 'cut_off'),
  keys,
];
