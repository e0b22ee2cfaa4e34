/** Work that is done again and again: one at a time, and soon where somebody asks for it. */

export interface Poll {
  /** The work begins within `ms`; many wishes at once are one, and those during the work are one more after it. */
  trigger(ms?: number): void;
  /** Resolves when nothing runs; nothing begins any more. */
  close(): Promise<void>;
}

/** @param work resolves with the milliseconds until it is done again; it never rejects */
export function createPoll(work: () => Promise<number>): Poll {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let underWay: Promise<void> | undefined;
  let isWanted = false;
  let isClosed = false;

  function schedule(ms: number): void {
    const at = performance.now() + ms;
    if (isClosed || at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(begin, ms).unref();
  }

  function begin(): void {
    dueAt = Number.POSITIVE_INFINITY;
    if (underWay) isWanted = true;
    else underWay = run();
  }

  async function run(): Promise<void> {
    isWanted = false;
    const pauseMs = await work();
    underWay = undefined;
    schedule(isWanted ? 0 : pauseMs);
  }

  return {
    trigger: (ms = 0) => schedule(ms),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
