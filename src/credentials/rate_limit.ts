/**
 * Stops guessing: after ten refusals within a minute for one user name or one client address the provider is not asked.
 * The counters are the store's, shared by all replicas.
 */
import ipaddr from 'ipaddr.js';
import { ProviderUnavailable } from '../errors.ts';
import type { Store } from '../stores/store.ts';
import { createWaitQueue, type QueueEntry } from './wait_queue.ts';

const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Requests behind this many others are rejected with Retry-After. */
const MAX_QUEUE = 100;
const MAX_WAIT_MS = 10_000;

/** Leave to ask the provider once. Whatever it responds, `release` must be called. */
export interface Permit {
  /** Counts a refusal; whether it was the one that reaches the limit. */
  recordFailure(): Promise<boolean>;
  release(): void;
}

export interface RateLimit {
  /**
   * Waits for leave to ask the provider about a credential.
   * @param user `undefined` for tokens
   * @param address empty where it is unknown: such clients are not counted together
   * @returns the permit, or the seconds after which the client may come again
   * @throws StoreUnavailable, ProviderUnavailable
   */
  acquire(user: string | undefined, address: string): Promise<Permit | { retryAfter: number }>;
}

export function createRateLimit(options: {
  store: Store;
  counterKeyFor(what: 'user' | 'address', value: string): string;
  /** Milliseconds since the epoch. */
  now: () => number;
}): RateLimit {
  const { store, counterKeyFor, now } = options;
  const queue = createWaitQueue();

  return {
    async acquire(user, address) {
      const keys: string[] = [];
      if (user !== undefined) keys.push(counterKeyFor('user', user.normalize('NFC').toLowerCase()));
      if (address !== '') keys.push(counterKeyFor('address', networkOf(address)));
      // In one go, so that requests have the same order in all queues and none waits for another in a circle.
      const places = keys.map((key) => ({ entry: queue.join(key), failures: () => store.count(key) }));
      const release = () => places.forEach(({ entry }) => void entry.leave());
      const recordFailure = async () => {
        const counts = await Promise.all(keys.map((key) => store.increment(key, WINDOW_MS)));
        return counts.includes(MAX_FAILURES);
      };
      try {
        const deadline = now() + MAX_WAIT_MS;
        let retryAfter = 0;
        for (const place of places) retryAfter ||= await waitForPermit(place, () => now() > deadline);
        if (retryAfter === 0) return { recordFailure, release };
        release();
        return { retryAfter };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

/**
 * Attack: a thousand parallel guesses would all read a count of zero. So each guess waits in a queue, and goes on when
 * even refusals of all guesses before it would leave the limit unreached.
 * @returns the seconds to stay away; 0: go on
 */
async function waitForPermit(
  { entry, failures }: { entry: QueueEntry; failures: () => Promise<number> },
  isLate: () => boolean,
): Promise<number> {
  if (entry.position() >= MAX_QUEUE) return MAX_WAIT_MS / 1000;
  for (;;) {
    const position = entry.position();
    if (position < MAX_FAILURES) {
      const count = await failures();
      // The store tells no remaining time; after a whole window the counter is surely gone.
      if (count >= MAX_FAILURES) return WINDOW_MS / 1000;
      if (entry.position() !== position) continue;
      if (position + count < MAX_FAILURES) return 0;
    }
    await entry.advanced();
    if (isLate()) throw new ProviderUnavailable('too many requests wait for the provider');
  }
}

/** Attack: an IPv6 client owns a /64 at least, and could use another address of it for each guess. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const ip = ipaddr.process(address);
  return ip.kind() === 'ipv4' ? ip.toString() : Buffer.from(ip.toByteArray().slice(0, 8)).toString('hex');
}
