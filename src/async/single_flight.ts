/** Shares work: callers that ask for the same key while its work runs get the one result. */

export interface SingleFlight<T> {
  /** Joins the work that runs for `key`, or starts `work`. Its error, too, is shared. */
  run(key: string, work: () => Promise<T>): Promise<T>;
  /** The work that runs for `key`. */
  get(key: string): Promise<T> | undefined;
  /** Later callers start anew; callers that have joined still get this result. */
  forget(key: string): void;
  /** Resolves when no work runs. */
  idle(): Promise<void>;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const inFlight = running.get(key);
      if (inFlight !== undefined) return inFlight;
      const started = work().finally(() => {
        if (running.get(key) === started) running.delete(key);
      });
      running.set(key, started);
      return started;
    },
    get: (key) => running.get(key),
    forget: (key) => void running.delete(key),
    async idle() {
      while (running.size > 0) await Promise.allSettled(running.values());
    },
  };
}
