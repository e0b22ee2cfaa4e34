/** A process of its own that begins a write and does not end it until its input ends: as one that was stopped there. */
import { readSync } from 'node:fs';
import { COMMIT_FLAGS, openLmdb } from '../../../src/stores/file/lmdb.ts';

const database = openLmdb(process.argv[2]!);
database.transactionSync(() => {
  process.stdout.write('held\n');
  readSync(0, Buffer.alloc(1));
}, COMMIT_FLAGS);
await database.close();
