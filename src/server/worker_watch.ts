/**
 * How one worker process does, counted in ticks of its parent. The clock would be wrong: where the whole machine stands
 * still, the parent does, too, and no worker is to blame.
 */

/** Milliseconds between two ticks. */
export const TICK_MS = 1000;
/** So many ticks without a sign of life, and the worker hangs. */
export const MAX_SILENT_TICKS = 10;
/** So many ticks from its start until it listens; a large configuration takes seconds to compile. */
const MAX_START_TICKS = 60;
/** A worker that has served for so many ticks has started well: its end is not one more of a row. */
const STEADY_TICKS = 30;

export interface WorkerWatch {
  tick(): void;
  signOfLife(): void;
  listens(): void;
  readonly isServing: boolean;
  readonly isSteady: boolean;
  /** Since this tick it is clear that it does nothing any more, and has to be killed. */
  readonly hangs: boolean;
}

export function createWorkerWatch(): WorkerWatch {
  let isServing = false;
  let ticks = 0;
  let silentTicks = 0;
  return {
    tick() {
      ticks++;
      silentTicks++;
    },
    signOfLife() {
      silentTicks = 0;
    },
    listens() {
      isServing = true;
      ticks = 0;
      silentTicks = 0;
    },
    get isServing() {
      return isServing;
    },
    get isSteady() {
      return isServing && ticks >= STEADY_TICKS;
    },
    get hangs() {
      return isServing ? silentTicks === MAX_SILENT_TICKS + 1 : ticks === MAX_START_TICKS + 1;
    },
  };
}
