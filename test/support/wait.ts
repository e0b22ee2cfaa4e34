/**
 * Waiting with limits that a busy machine does not break. A limit in milliseconds is counted in short pauses of this process and
 * not by the clock: where the machine has no time for the tests, the pauses take longer, too, and so does what is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 10;

/** Waits until `check` holds; throws when it does not within `limitMs`. */
export async function waitUntil(check: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  for (let leftMs = limitMs; !(await check()); leftMs -= PAUSE_MS) {
    if (leftMs <= 0) throw new Error(`not so within ${limitMs} ms: ${check}`);
    await sleep(PAUSE_MS);
  }
}

/** What `work` comes to; throws when it does not come within `limitMs`. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let done = false;
  const finished = () => {
    done = true;
  };
  work.then(finished, finished);
  await waitUntil(() => done, limitMs);
  return work;
}
