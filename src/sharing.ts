/**
 * Values that several snapshots of the configuration use: made for the first that needs one, given up with the last.
 * What a process has learnt so outlives a change of the configuration, and nothing stays that no configuration names.
 */

/** The part of one snapshot in the values. */
export interface Share<T> {
  /** The value of a key; made where there is none. */
  get(key: string, make: () => T): T;
  /** Takes part in the value of a key, if another snapshot has one. */
  join(key: string): void;
  /** The values of this share are needed no more; a request that still runs may go on with what it gets. */
  release(): void;
}

interface Shared<T> {
  value: T;
  shares: number;
}

/** @param giveUp is called with a value that no share has any more */
export function createSharing<T>(giveUp: (value: T) => void = () => {}): () => Share<T> {
  const all = new Map<string, Shared<T>>();

  return () => {
    const own = new Map<string, T>();
    let released = false;

    function take(key: string, shared: Shared<T>): T {
      own.set(key, shared.value);
      if (!released) shared.shares += 1;
      return shared.value;
    }

    return {
      get(key, make) {
        const present = own.get(key);
        if (present !== undefined) return present;
        const shared = all.get(key) ?? { value: make(), shares: 0 };
        if (!released) all.set(key, shared);
        return take(key, shared);
      },
      join(key) {
        const shared = all.get(key);
        if (shared !== undefined && !own.has(key) && !released) take(key, shared);
      },
      release() {
        if (released) return;
        released = true;
        for (const key of own.keys()) {
          const shared = all.get(key);
          if (shared === undefined) continue;
          shared.shares -= 1;
          if (shared.shares > 0) continue;
          all.delete(key);
          giveUp(shared.value);
        }
      },
    };
  };
}
