/** How LMDB is opened, and how its transactions commit. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, TransactionFlags } from 'lmdb';

export type Lmdb = RootDatabase<string, string>;

/**
 * A transaction is undone whole when its work throws, and has been committed when the call returns. Not with
 * NO_SYNC_FLUSH, for speed: where several processes write, a commit that is flushed later can lose one of another
 * process, and end in MDB_BAD_TXN or a crash (3 of 150 runs of four writers; none of 180 without it, at the same
 * speed).
 */
export const COMMIT_FLAGS: TransactionFlags = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;

/** The database in `folder`, which is made where it is missing. */
export function openLmdb(folder: string): Lmdb {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'sessions.mdb');
  return open<string, string>({ path, encoding: 'string', noMemInit: false });
}
