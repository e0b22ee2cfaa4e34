/** What the thread that answers requests and the thread that writes say to each other: plain data, one reply to each request. */
import type { Reservation } from '../reservations.ts';

/** A step on one row, as the method of `Store` with this name; and the store's own. */
export type Step =
  | { kind: 'set' | 'add' | 'replace' | 'keep'; key: string; value: string; ttlMs: number }
  | { kind: 'delete'; key: string }
  | { kind: 'deleteIf'; key: string; value: string }
  | { kind: 'replaceIf'; key: string; expected: string; value: string; ttlMs: number }
  | { kind: 'reserve'; key: string; member: string; limit: number; ttlMs: number }
  | { kind: 'cancel'; key: string; member: string }
  | { kind: 'increment'; key: string; first: number; ttlMs: number }
  /** Takes the lease of a removal of expired rows, unless another process has it. */
  | { kind: 'lease'; ttlMs: number }
  /** Removes the expired ones of `limit` rows from `start` on. */
  | { kind: 'sweep'; start: string; limit: number }
  /** Whether writes are possible. */
  | { kind: 'probe' };

export interface Job {
  step: Step;
  /** Milliseconds since the epoch, as the caller sees it. */
  now: number;
  /** After it the step must not be done any more, as its caller has been told (`monotonicMs`). */
  deadline: number;
}

/** How many rows a `sweep` removed, and where the next one starts; `undefined`: there are no more. */
export interface Swept {
  kind: 'swept';
  removed: number;
  next: string | undefined;
}

export interface Failure {
  kind: 'failed';
  message: string;
  code: string | number | undefined;
}

export type Outcome = boolean | number | Reservation | Swept | Failure;

export type Request = { kind: 'open'; folder: string } | { kind: 'write'; jobs: Job[] } | { kind: 'close' };

export type Reply =
  | {
      kind: 'opened';
      /** Which files are open (`filesIn`). */
      files: string;
      /** What of the folder stays open to other users of the machine. */
      warnings: string[];
    }
  /** All steps are in one transaction, which is committed; a step that failed has changed nothing. */
  | { kind: 'written'; outcomes: Outcome[] }
  /** The files in the folder are not those that are open. Nothing was written. */
  | { kind: 'replaced' }
  | { kind: 'closed' }
  /** Nothing was opened or written. */
  | Failure;

export function toFailure(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return {
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
  };
}

export function toError({ message, code }: Failure): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}

/** Milliseconds of a clock that nobody sets, the same one in all threads of the process. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);
