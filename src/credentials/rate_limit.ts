/**
 * Stops guessing: after ten refusals within a minute for one user name or one client address the provider is not asked.
 *
 * The counters are the store's own, shared by all replicas. `rate-limiter-flexible` was weighed: it wants a client of its own
 * for Redis, knows no embedded file, and counts attempts rather than refusals, so that thirty right passwords at once
 * from one office would lock it out.
 */
import ipaddr from 'ipaddr.js';
import { ProviderUnavailable } from '../errors.ts';
import type { Store } from '../stores/store.ts';
import { createWaitQueue, type QueueEntry } from './wait_queue.ts';

const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Who would have to wait behind this many is told to come again. */
const MAX_QUEUE = 100;
const MAX_WAIT_MS = 10_000;

/** Leave to ask the provider once. Whatever it says, `leave` must be called. */
export interface Permit {
  /** Counts a refusal; whether it was the one that makes the limit. */
  recordFailure(): Promise<boolean>;
  release(): void;
}

export interface RateLimit {
  /**
   * Waits for leave to ask the provider about a credential of `user` (unknown for tokens) from `address`
   * (unknown when empty: such are not counted together). `retryAfter` in seconds: no leave. May throw `StoreUnavailable`.
   */
  acquire(user: string | undefined, address: string): Promise<Permit | { retryAfter: number }>;
}

export function createRateLimit(options: {
  store: Store;
  counterKeyFor(what: 'user' | 'address', value: string): string;
  now: () => number;
}): RateLimit {
  const { store, counterKeyFor, now } = options;
  const queue = createWaitQueue();

  return {
    async acquire(user, address) {
      const keys: string[] = [];
      if (user !== undefined) keys.push(counterKeyFor('user', user.normalize('NFC').toLowerCase()));
      if (address !== '') keys.push(counterKeyFor('address', networkOf(address)));
      // In one go, so that everybody stands in the same order in all queue and none waits for another in a circle.
      const places = keys.map((key) => ({ entry: queue.join(key), refusals: () => store.count(key) }));
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
 * Attack: a thousand guesses sent together would all see a count of nought. So whoever asks stands in a entry, and goes on
 * when even refusals of all who stand before would leave the limit unreached. Seconds to stay away; 0: go on.
 */
async function waitForPermit(
  { entry, refusals }: { entry: QueueEntry; refusals: () => Promise<number> },
  isLate: () => boolean,
): Promise<number> {
  if (entry.position() >= MAX_QUEUE) return MAX_WAIT_MS / 1000;
  for (;;) {
    const place = entry.position();
    if (place < MAX_FAILURES) {
      const count = await refusals();
      // The store tells no remaining time; after a whole window the counter is surely gone.
      if (count >= MAX_FAILURES) return WINDOW_MS / 1000;
      if (entry.position() !== place) continue;
      if (place + count < MAX_FAILURES) return 0;
    }
    await entry.advanced();
    if (isLate()) throw new ProviderUnavailable('too many questions are waiting for an answer');
  }
}

/** An IPv6 client owns a /64 at least, and could use another address of it for each guess. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const ip = ipaddr.process(address);
  return ip.kind() === 'ipv4' ? ip.toString() : Buffer.from(ip.toByteArray().slice(0, 8)).toString('hex');
}
