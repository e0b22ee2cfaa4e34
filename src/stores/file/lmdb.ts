/** How LMDB is opened, and how its transactions commit. */
import { join } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptions, TransactionFlags } from 'lmdb';
import { DATABASE_FILE, FILE_MODE } from './private_folder.ts';

export type Lmdb = RootDatabase<string, string>;

/**
 * A transaction is undone whole when its work throws, and has been committed when the call returns. Not with
 * NO_SYNC_FLUSH, for speed: where several processes write, a commit that is flushed later can lose one of another
 * process, and end in MDB_BAD_TXN or a crash (3 of 150 runs of four writers; none of 180 without it, at the same
 * speed).
 */
export const COMMIT_FLAGS: TransactionFlags = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;

/**
 * The address space for the database: it costs nothing, and grows when that is not enough. With LMDB's default it grows
 * often, and two threads of a process that let it grow at the same moment could end with the smaller of their maps.
 */
const MAP_BYTES = 16 * 1024 ** 3;

/** The package reads it (`src/env.cpp`), but its types do not know it; without it files are made with 0664. */
type Options = RootDatabaseOptions & { permissionsMode: number };

/** The database in `folder`, which is made where it is not there. Waits for another process that writes. */
export function openLmdb(folder: string): Lmdb {
  return openWith(folder, {});
}

/**
 * The database in `folder`, which this process has open already (LMDB shares it): reads without waiting for who writes.
 * Where it were the first one in the process, no thread could write.
 */
export function openReader(folder: string): Lmdb {
  return openWith(folder, { readOnly: true });
}

function openWith(folder: string, changes: RootDatabaseOptions): Lmdb {
  const path = join(folder, DATABASE_FILE);
  // Attack: another user of the machine reads the file between its creation and a later change of its mode.
  const options: Options = { encoding: 'string', noMemInit: false, permissionsMode: FILE_MODE, ...changes };
  // A machine of 32 bits has no such space.
  if (process.arch.endsWith('64')) options.mapSize = MAP_BYTES;
  return open<string, string>(path, options);
}
