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
import { createLines, type Line } from './wait_queue.ts';

const REFUSALS = 10;
const WINDOW = 60_000;
/** Who would have to wait behind this many is told to come again. */
const LONGEST_LINE = 100;
const LONGEST_WAIT = 10_000;

/** Leave to ask the provider once. Whatever it says, `leave` must be called. */
export interface Turn {
  /** Counts a refusal; whether it was the one that makes the limit. */
  count(): Promise<boolean>;
  leave(): void;
}

export interface Limits {
  /**
   * Waits for leave to ask the provider about a credential of `user` (unknown for tokens) from `address`
   * (unknown when empty: such are not counted together). `retryAfter` in seconds: no leave. May throw `StoreUnavailable`.
   */
  enter(user: string | undefined, address: string): Promise<Turn | { retryAfter: number }>;
}

export function createLimits(options: {
  store: Store;
  counterOf(what: 'user' | 'address', value: string): string;
  now: () => number;
}): Limits {
  const { store, counterOf, now } = options;
  const lines = createLines();

  return {
    async enter(user, address) {
      const keys: string[] = [];
      if (user !== undefined) keys.push(counterOf('user', user.normalize('NFC').toLowerCase()));
      if (address !== '') keys.push(counterOf('address', networkOf(address)));
      // In one go, so that everybody stands in the same order in all lines and none waits for another in a circle.
      const places = keys.map((key) => ({ line: lines.join(key), refusals: () => store.count(key) }));
      const leave = () => places.forEach(({ line }) => void line.leave());
      const count = async () => {
        const counts = await Promise.all(keys.map((key) => store.increment(key, WINDOW)));
        return counts.includes(REFUSALS);
      };
      try {
        const deadline = now() + LONGEST_WAIT;
        let retryAfter = 0;
        for (const place of places) retryAfter ||= await waitIn(place, () => now() > deadline);
        if (retryAfter === 0) return { count, leave };
        leave();
        return { retryAfter };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

/**
 * Attack: a thousand guesses sent together would all see a count of nought. So whoever asks stands in a line, and goes on
 * when even refusals of all who stand before would leave the limit unreached. Seconds to stay away; 0: go on.
 */
async function waitIn(
  { line, refusals }: { line: Line; refusals: () => Promise<number> },
  isLate: () => boolean,
): Promise<number> {
  if (line.place() >= LONGEST_LINE) return LONGEST_WAIT / 1000;
  for (;;) {
    const place = line.place();
    if (place < REFUSALS) {
      const count = await refusals();
      // The store tells no remaining time; after a whole window the counter is surely gone.
      if (count >= REFUSALS) return WINDOW / 1000;
      if (line.place() !== place) continue;
      if (place + count < REFUSALS) return 0;
    }
    await line.moved();
    if (isLate()) throw new ProviderUnavailable('too many questions are waiting for an answer');
  }
}

/** An IPv6 client owns a /64 at least, and could use another address of it for each guess. */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const ip = ipaddr.process(address);
  return ip.kind() === 'ipv4' ? ip.toString() : Buffer.from(ip.toByteArray().slice(0, 8)).toString('hex');
}
