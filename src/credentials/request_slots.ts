/**
 * Bounds the requests to one provider about credentials that were never accepted, and shares them out fairly: each
 * neighbourhood of clients has a line of its own, and the lines take turns.
 */
import { ProviderUnavailable } from '../errors.ts';

/** More than all guesses at one user name (100 in the default), so that they alone cannot fill it. */
const MAX_RUNNING = 256;
/**
 * So many when the request is the only one of its line. Attack: an attacker with a few networks would fill a slow
 * provider, and the owner of a right password would wait for the answers.
 */
const MAX_RUNNING_WITH_FIRST = 512;
/** Attack: an attacker with a /24, or an IPv6 /48, would hold all slots of a slow provider. */
const MAX_RUNNING_PER_LINE = 64;
const MAX_WAITING = 1000;
const MAX_WAITING_PER_LINE = 100;
const MAX_WAIT_MS = 10_000;

export interface RequestSlots {
  /**
   * Waits for a slot.
   * @param line who shares a line, such as a neighbourhood
   * @returns gives the slot back
   * @throws ProviderUnavailable when too many wait, or after ten seconds
   */
  acquire(line: string): Promise<() => void>;
}

interface Line {
  running: number;
  /** In the order in which they came; a request that gave up is no longer in it. */
  waiting: Set<() => void>;
}

const tooMany = () => new ProviderUnavailable('too many requests wait for the provider');

/** The slots of each provider, by its name. */
export function createProviderSlots(): (provider: string) => RequestSlots {
  const slotsOf = new Map<string, RequestSlots>();
  return (provider) => {
    const slots = slotsOf.get(provider) ?? createRequestSlots();
    slotsOf.set(provider, slots);
    return slots;
  };
}

export function createRequestSlots(maxWaitMs = MAX_WAIT_MS): RequestSlots {
  /** Those whose turn is next come first. */
  const lines = new Map<string, Line>();
  let running = 0;
  let waiting = 0;

  function canStart(line: Line): boolean {
    if (line.running === 0) return running < MAX_RUNNING_WITH_FIRST;
    return running < MAX_RUNNING && line.running < MAX_RUNNING_PER_LINE;
  }
  function start(name: string, line: Line): () => void {
    lines.set(name, line);
    running += 1;
    line.running += 1;
    return () => {
      running -= 1;
      line.running -= 1;
      if (line.running === 0 && line.waiting.size === 0) lines.delete(name);
      startNext();
    };
  }
  function startNext(): void {
    for (const [name, line] of lines) {
      const [first] = line.waiting;
      if (first === undefined || !canStart(line)) continue;
      line.waiting.delete(first);
      // To the end: its next turn comes after those of the others.
      lines.delete(name);
      first();
      return;
    }
  }
  function wait(name: string, line: Line): Promise<() => void> {
    if (waiting >= MAX_WAITING || line.waiting.size >= MAX_WAITING_PER_LINE) throw tooMany();
    lines.set(name, line);
    waiting += 1;
    return new Promise((resolve, reject) => {
      const begin = () => {
        waiting -= 1;
        clearTimeout(timer);
        resolve(start(name, line));
      };
      const timer = setTimeout(() => {
        waiting -= 1;
        line.waiting.delete(begin);
        if (line.running === 0 && line.waiting.size === 0) lines.delete(name);
        reject(tooMany());
      }, maxWaitMs);
      line.waiting.add(begin);
    });
  }

  return {
    async acquire(name) {
      const line = lines.get(name) ?? { running: 0, waiting: new Set() };
      return line.waiting.size === 0 && canStart(line) ? start(name, line) : wait(name, line);
    },
  };
}
