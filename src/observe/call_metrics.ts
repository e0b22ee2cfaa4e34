/** Counts and times what Gatepost waits for: providers, the store, and the endpoints of a login. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Events } from './events.ts';

/** In seconds; a provider is given ten. */
const PROVIDER_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** In seconds; a store is given 0.9. */
const STORE_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

export function countCalls(events: Events, registers: Registry[]): void {
  const providerCalls = new Counter({
    name: 'gatepost_provider_calls_total',
    help: 'Requests to OpenID providers',
    labelNames: ['issuer', 'call', 'outcome'],
    registers,
  });
  const providerTimes = new Histogram({
    name: 'gatepost_provider_call_duration_seconds',
    help: 'Time of a request to an OpenID provider',
    labelNames: ['call'],
    buckets: PROVIDER_BUCKETS,
    registers,
  });
  events.on('provider_call', ({ issuer, call, outcome, duration_ms }) => {
    providerCalls.inc({ issuer, call, outcome });
    providerTimes.observe({ call }, duration_ms / 1000);
  });
  const storeCalls = new Counter({
    name: 'gatepost_store_calls_total',
    help: 'Calls of the session store; a request of a known session makes none',
    labelNames: ['operation', 'outcome'],
    registers,
  });
  const storeTimes = new Histogram({
    name: 'gatepost_store_call_duration_seconds',
    help: 'Time of a call of the session store',
    labelNames: ['operation'],
    buckets: STORE_BUCKETS,
    registers,
  });
  events.on('store_call', ({ operation, outcome, duration_ms }) => {
    storeCalls.inc({ operation, outcome });
    storeTimes.observe({ operation }, duration_ms / 1000);
  });
  const signinTimes = new Histogram({
    name: 'gatepost_signin_duration_seconds',
    help: 'Time of a response of a sign-in endpoint',
    labelNames: ['endpoint'],
    buckets: PROVIDER_BUCKETS,
    registers,
  });
  events.on('signin', ({ endpoint, duration_ms }) => signinTimes.observe({ endpoint }, duration_ms / 1000));
}

/**
 * Looks when the metrics are read, so that an outage shows without a request. Of several workers the worst counts.
 * @param storeReady resolves while the store can be read and written
 */
export function observeStoreState(storeReady: () => Promise<void>, registers: Registry[]): void {
  new Gauge({
    name: 'gatepost_store_up',
    help: 'Whether the session store takes reads and writes now (1 or 0)',
    aggregator: 'min',
    registers,
    async collect() {
      this.set(
        await storeReady().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
}
