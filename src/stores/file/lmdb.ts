/** Opens LMDB, with what its types do not have. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type TransactionFlags } from 'lmdb';

/** lmdb's types do not have `sync`. */
export type Lmdb = RootDatabase<string, string> & { sync(done: (error?: unknown) => void): void };
const hasSync = (database: RootDatabase<string, string>): database is Lmdb =>
  'sync' in database && typeof database.sync === 'function';

/**
 * Abortable, and flushed to the disk after the commit (MDB_NOSYNC for this transaction). LMDB's overlapping sync keeps
 * the last flushed state intact: a process that dies loses nothing, a machine that dies loses the last moments.
 */
export const FLUSH_LATER = 0x10003 as TransactionFlags;

/** The database in `folder`, which is made where it is missing. */
export function openLmdb(folder: string): Lmdb {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'sessions.mdb');
  const database = open<string, string>({ path, encoding: 'string', noMemInit: false });
  if (!hasSync(database)) throw new Error('this version of lmdb cannot sync');
  return database;
}
