/**
 * Waits for a provider's first answer: while nobody knows whether it takes a grant, a few requests ask, and the others
 * wait a moment for what they learn.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Turns and not a time: a busy process would be late for the time and the answer alike. */
const MAX_TURNS = 16;
const TURN_MS = 50;
/** Requests that may ask before the first answer, each of another line. */
const MAX_ASKING = 3;

export interface FirstAnswer {
  /**
   * Resolves at once with true for one request of another line, as long as few ask; else with false after the answer or
   * MAX_TURNS.
   */
  join(line: string): Promise<boolean>;
  /** From now on other lines may join. */
  open(): void;
  /** There is an answer, or there will be none. */
  answer(): void;
}

/** @param line that of the first request */
export function startFirstAnswer(line: string): FirstAnswer {
  const asking = new Set([line]);
  let isOpen = false;
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const over = Promise.race([answered, waitTurns()]);
  return {
    async join(other) {
      // Attack: the owner of a right password would wait for a slow provider's answer to the guesses of others.
      if (isOpen && !asking.has(other) && asking.size < MAX_ASKING) {
        asking.add(other);
        return true;
      }
      await over;
      return false;
    },
    open() {
      isOpen = true;
    },
    answer,
  };
}

async function waitTurns(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) await sleep(TURN_MS, undefined, { ref: false });
}

/**
 * Tries until it is known whether this process may ask; after MAX_TURNS it may.
 * @param tryOnce `undefined`: another process is asking
 */
export async function askOneFirst(tryOnce: () => Promise<boolean | undefined>, first: FirstAnswer): Promise<boolean> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const mayAsk = await tryOnce();
    if (mayAsk !== undefined) {
      first.open();
      return mayAsk;
    }
    await sleep(TURN_MS);
  }
  first.open();
  return true;
}
