/** What the database of the file store offers, and what it tells. */
import type { Outcome, Step } from './protocol.ts';

/** What a database that has just been opened can do before anybody else uses it. */
export interface Access {
  read(keys: string[]): (string | undefined)[];
  write(step: Step): Promise<Outcome>;
}

export interface DatabaseListener {
  /** It is open, and nobody reads or writes yet. While this fails, the database counts as unavailable. */
  restore(access: Access): Promise<void>;
  /** All can use it; `warnings` name what of the folder stays open to other users of the machine. */
  opened(warnings: string[]): void;
  /** It cannot be opened. */
  failed(error: unknown): void;
  /** The files were replaced, or the thread that writes has ended: it will be opened again. */
  lost(reason: 'replaced' | Error): void;
  /** Writes hang, or do so no more. */
  hanging(hangs: boolean): void;
}
